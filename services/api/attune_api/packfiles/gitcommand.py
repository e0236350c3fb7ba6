"""git as a child process that knows nothing of this machine and may do next to nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ALWAYS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "credential.helper": "",
    "fetch.fsckObjects": "true",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "20",
    "submodule.recurse": "false",
}
_BLOCK = 512
_CERTIFICATES = ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_FILE", "SSL_CERT_DIR")


class GitFailed(Exception):
    """What git said last."""


@dataclass(frozen=True, slots=True)
class Git:
    """`protocol` is the only one it may speak; `resolved`: where a host is; `most`: bytes that a file may have;

    `header`: what proves who asks, in its environment and never among its arguments.
    """

    program: str
    folder: Path
    protocol: str
    resolved: str
    most: int
    header: str = ""

    async def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """What it prints. Errors: GitFailed."""
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", f'ulimit -f {self.most // _BLOCK + 1}; exec "$@"', "git", self.program, *arguments,
            cwd=self.folder, env=self._environment(), start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            printed, said = await process.communicate(given)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise
        if process.returncode != 0:
            raise GitFailed(_sentence(said) or f"git {arguments[0]} failed")
        return printed

    def _environment(self) -> dict[str, str]:
        own = {"http.curloptResolve": self.resolved, "http.extraHeader": self.header}
        options = {**_ALWAYS, **{name: value for name, value in own.items() if value}}
        given = {name: os.environ[name] for name in _CERTIFICATES if name in os.environ}
        given |= {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": os.fspath(self.folder), "LC_ALL": "C"}
        given |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
        given |= {"GIT_ASKPASS": "/bin/false", "GIT_ALLOW_PROTOCOL": self.protocol}
        given["GIT_CONFIG_COUNT"] = str(len(options))
        for place, (name, value) in enumerate(options.items()):
            given |= {f"GIT_CONFIG_KEY_{place}": name, f"GIT_CONFIG_VALUE_{place}": value}
        return given


def _sentence(said: bytes) -> str:
    """The last line that tells something, without the rest of what git explains."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return "".join(char for char in (wrong or lines or [""])[-1] if char.isprintable())[:500]
