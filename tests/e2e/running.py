"""`attune` processes for the tests: started with an environment of their own, killed by their id, never by name."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.servers import free_ports
from tests.support.waiting import patient, until_sync

START_SECONDS = 60.0
RUN_SECONDS = 60.0
END_SECONDS = 40.0
SHORT_LEASES = {
    "ATTUNE_LEASE_SECONDS": "12",
    "ATTUNE_HEARTBEAT_SECONDS": "2",
    "ATTUNE_SELF_FENCE_SECONDS": "8",
    "ATTUNE_DISPATCH_LOST_SECONDS": "5",
}
"""For tests that kill workers, and wait for the end of what they held. A starved machine can let one lapse."""


def environment(**given: str) -> dict[str, str]:
    """This process's environment without any ATTUNE_ variable but those given, and without profiles of its user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
    return kept | {"ATTUNE_CONFIG": "/nonexistent/attune.json"} | given


@dataclass
class Process:
    """One `attune` process; `log` is what it wrote."""

    arguments: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """It heeds an interruption also when the tests were started in the background, where nobody does."""
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "attune_cli", *self.arguments],
                env=dict(self.env), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )  # fmt: skip

    @property
    def status(self) -> int | None:
        assert self.process is not None
        return self.process.poll()

    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self) -> None:
        """At once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As an operator would; the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(patient(END_SECONDS))
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{self.arguments} did not end:\n{self.text()[-3000:]}") from None


@dataclass
class Attune:
    """The command line with an environment."""

    env: Mapping[str, str]
    cwd: Path | None = None

    def run(self, *arguments: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Errors: AssertionError when the exit status is another than expected (None: any)."""
        done = subprocess.run(
            [sys.executable, "-m", "attune_cli", *arguments],
            env=dict(self.env), cwd=self.cwd, capture_output=True, text=True, timeout=patient(RUN_SECONDS),
        )  # fmt: skip
        if expect is not None:
            assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str, expect: int | None = 0) -> Any:
        return json.loads(self.run(*arguments, "--output", "json", expect=expect).stdout)


@dataclass
class Dev:
    """`attune dev` over one data directory; it may be killed and started again."""

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    process: Process | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def cli(self) -> Attune:
        return Attune(environment(ATTUNE_DATA_DIR=str(self.data)), self.folder)

    def start(self, *arguments: str) -> None:
        """Return when the CLI finds it ready."""
        command = ("dev", "--port", "0", "--data-dir", str(self.data), *arguments)
        self.process = Process(command, environment(**self.more), self.folder / "dev.log")
        self.process.start()
        until_sync(self._ready, START_SECONDS, "attune dev is ready")

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.status is None, self.process.text()[-3000:]
        return (self.data / "dev.json").exists() and self.cli.run("pack", "show", "core", expect=None).returncode == 0


@contextlib.contextmanager
def running_dev(folder: Path, *arguments: str, **more: str) -> Iterator[Dev]:
    dev = Dev(folder, more)
    try:
        dev.start(*arguments)
        yield dev
    finally:
        if dev.process is not None and dev.process.status is None:
            dev.process.stop()


def processes_with(text: str) -> list[str]:
    """Command lines of live processes that contain the text (such as a folder of this test)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in line:
                found.append(line)
    return found


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@dataclass
class Services:
    """The services apart, over given servers. Each process may be killed and started again by its name.

    `servers`: where they are, and what else all processes are told. `own`: variables of single processes.
    """

    folder: Path
    servers: Mapping[str, str]
    processes: dict[str, Process] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_ports(1)[0]}"
        self.stream_url = f"http://127.0.0.1:{free_ports(1)[0]}"
        self.admin, self.worker = (f"att_{name}_{secrets.token_hex(32)}" for name in ("admin", "worker"))

    @property
    def cli(self) -> Attune:
        env = environment(ATTUNE_API_URL=self.url, ATTUNE_API_TOKEN=self.admin, ATTUNE_DATA_DIR=str(self.folder))
        return Attune(env, self.folder)

    def start(self, *names: str) -> None:
        """Names such as `worker-2`; a name that ran before runs again."""
        for name in names:
            own = {"ATTUNE_DATA_DIR": str(self.folder / name), "ATTUNE_WORKER_NAME": name}
            if name.startswith("worker"):
                own["ATTUNE_API_TOKEN"] = self.worker
            own |= self.own.get(name, {})
            command = (name.partition("-")[0],)
            self.processes[name] = Process(command, self._environment() | own, self.folder / f"{name}.log")
            self.processes[name].start()

    def until_ready(self) -> None:
        until_sync(self._ready, START_SECONDS, "the services are ready")

    def stop(self) -> None:
        for process in self.processes.values():
            if process.status is None:
                process.stop()

    def _ready(self) -> bool:
        for process in self.processes.values():
            assert process.status is None, process.text()[-3000:]
        return self.cli.run("pack", "show", "core", expect=None).returncode == 0

    def _environment(self) -> dict[str, str]:
        return environment(
            **self.servers,
            ATTUNE_API_URL=self.url,
            ATTUNE_API_PORT=self.url.rpartition(":")[2],
            ATTUNE_NOTIFIER_URL=self.stream_url,
            ATTUNE_NOTIFIER_PORT=self.stream_url.rpartition(":")[2],
            ATTUNE_BOOTSTRAP_ADMIN_TOKEN=self.admin,
            ATTUNE_BOOTSTRAP_WORKER_TOKEN=self.worker,
        )
