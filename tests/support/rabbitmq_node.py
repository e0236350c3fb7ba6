"""A private RabbitMQ node that keeps its data: it may be killed, frozen and started again."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.support.servers import answers, free_ports
from tests.support.waiting import until_sync

BOOT_SECONDS = 90.0
_CALM = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
"""Two schedulers that do not spin while they wait: the machine is shared."""


class NodeEnded(Exception):
    """The node ended while it was starting; the text is what it said last."""


def local_program() -> str | None:
    """The real start script: Debian's wrapper of the same name changes users and writes to system folders."""
    found = sorted(glob.glob("/usr/lib/rabbitmq/bin/rabbitmq-server"))
    return found[0] if found else shutil.which("rabbitmq-server")


class PrivateNode:
    """`amqp` and `api` are its URLs, of the same ports for its whole life. Blocking: seconds to start."""

    def __init__(self, program: str) -> None:
        self._program = program
        self.port, self._api_port, self._distribution, self._epmd = free_ports(4)
        self._home = Path(tempfile.mkdtemp(prefix="attune-rabbitmq-"))
        self._node: subprocess.Popen[bytes] | None = None
        self._mapper: subprocess.Popen[bytes] | None = None
        self.amqp = f"amqp://guest:guest@127.0.0.1:{self.port}"
        self.api = f"http://127.0.0.1:{self._api_port}/api"
        (self._home / "enabled_plugins").write_text("[rabbitmq_management].")
        (self._home / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = 127.0.0.1:{self.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self._api_port}\n"
            "log.file = false\nlog.console = true\nlog.console.level = warning\n"
            "vm_memory_high_watermark.relative = 0.8\ndisk_free_limit.absolute = 50MB\n"
        )

    def start(self) -> None:
        """Return when it takes clients. Errors: NodeEnded, TimeoutError."""
        if self._mapper is None:
            self._mapper = _start_port_mapper(self._epmd)
        with (self._home / "output").open("ab") as output:
            node = subprocess.Popen(
                [self._program], cwd=self._home, env=self._environment(), stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        self._node = node
        until_sync(lambda: node.poll() is not None or self._takes_clients(), BOOT_SECONDS, "a private RabbitMQ node")
        if node.poll() is not None:
            raise NodeEnded(f"{self._program} ended at once: {self.text()[-2000:]}")

    def _takes_clients(self) -> bool:
        return answers(self.port) and answers(self._api_port)

    def kill(self) -> None:
        """At once, as a power cut would. `start` brings it back with what it had stored."""
        if self._node is not None:
            _end(self._node)
            self._node = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def control(self, *arguments: str) -> None:
        """Run `rabbitmqctl`. Errors: subprocess.CalledProcessError."""
        program = Path(self._program).with_name("rabbitmqctl")
        name = f"attune-{self._distribution}@localhost"
        subprocess.run(
            [program, "-n", name, *arguments],
            cwd=self._home, env=self._environment(), check=True, capture_output=True, timeout=BOOT_SECONDS,
        )  # fmt: skip

    def remove(self) -> None:
        """End it and its data. Nothing in it is worth a clean shutdown, which takes seconds."""
        self.kill()
        if self._mapper is not None:
            _end(self._mapper)
            self._mapper = None
        shutil.rmtree(self._home, ignore_errors=True)

    def text(self) -> str:
        """What it wrote."""
        return (self._home / "output").read_text(errors="replace")

    def _signal(self, number: int) -> None:
        if self._node is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._node.pid, number)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self._home),
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"attune-{self._distribution}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self._home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._home / "log"),
            "RABBITMQ_PID_FILE": str(self._home / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._home / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._home / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _CALM,
        }


def _start_port_mapper(port: int) -> subprocess.Popen[bytes] | None:
    """Erlang's name service as a child of ours: the one that the node would start outlives it."""
    program = shutil.which("epmd")
    if program is None:
        return None
    child = subprocess.Popen(
        [program, "-port", str(port), "-address", "127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until_sync(lambda: child.poll() is not None or answers(port), 10, "epmd")
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait(timeout=30)
