"""Builds a virtual environment and installs a pack's requirements into it, telling the log how it goes."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from attune_common.hosting.children import child
from attune_common.hosting.children.child import Command
from attune_common.hosting.children.outlets import Stream
from attune_common.hosting.children.workplace import workplace
from attune_common.hosting.lines import LineSplitter, Progress

_KEPT_LINES = 40
_LINE = 2000
_CONFIGURATION = ("PIP_", "UV_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


class InstallFailed(Exception):
    """`output`: the last lines of the tool that failed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.message, self.output = message, output


class Installer:
    """Uses uv when it is on PATH, else pip: the worker's own or the one that comes with Python."""

    def __init__(self, data_dir: Path, log: Progress) -> None:
        self._data_dir, self._log = data_dir, log
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)

    async def build(self, place: Path, pack: Path) -> None:
        """Errors: InstallFailed."""
        for step in _steps(place, pack):
            await self._run(step, pack)

    async def _run(self, arguments: Sequence[str], pack: Path) -> None:
        splitters = {"stdout": LineSplitter(_LINE), "stderr": LineSplitter(_LINE)}

        def on_output(stream: Stream, chunk: bytes) -> None:
            for line in splitters[stream].feed(chunk):
                self._tell(line)

        async with workplace(self._data_dir) as home:
            command = Command(
                arguments=["/bin/sh", "-c", 'cd "$0" && exec "$@"', os.fspath(pack), *arguments],
                home=home,
                variables=_variables(self._data_dir),
            )
            status = await (await child.start(command, on_output)).run(lambda: 0.0)
        for line in [*splitters["stdout"].end(), *splitters["stderr"].end()]:
            self._tell(line)
        if status != 0:
            raise InstallFailed(_sentence(self._lines, status), "\n".join(self._lines))

    def _tell(self, line: str) -> None:
        if line.strip():
            self._lines.append(line)
            self._log.system(line)


def _variables(data_dir: Path) -> dict[str, str]:
    """The operator's settings of the tools, and caches that all builds share."""
    given = {name: value for name, value in os.environ.items() if name.startswith(_CONFIGURATION)}
    cache = os.fspath(data_dir / "worker" / "cache")
    return {"PIP_CACHE_DIR": f"{cache}/pip", "UV_CACHE_DIR": f"{cache}/uv", **given}


def _sentence(lines: Sequence[str], status: int) -> str:
    errors = [line for line in lines if line.lower().lstrip().startswith(("error", "×"))]
    return f"the requirements could not be installed: {(errors or [*lines, f'exit status {status}'])[-1].strip()}"


def _steps(place: Path, pack: Path) -> list[list[str]]:
    requirements = os.fspath(pack / "requirements.txt")
    python = os.fspath(place / "bin" / "python")
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, os.fspath(place)],
            [uv, "pip", "install", "--python", python, "-r", requirements],
        ]
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    if importlib.util.find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", python]
        venv = [sys.executable, "-m", "venv", "--without-pip", os.fspath(place)]
    else:
        pip = [python, "-m", "pip"]
        venv = [sys.executable, "-m", "venv", os.fspath(place)]
    return [venv, [*pip, "install", *quiet, "-r", requirements]]
