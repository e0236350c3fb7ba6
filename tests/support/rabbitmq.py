"""A RabbitMQ for the tests: a given one, a private node of a local installation, or a container."""

from __future__ import annotations

import base64
import contextlib
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from tests.support.servers import answers, docker_answers, free_ports, missing
from tests.support.waiting import until_sync

_BOOT = 90.0


@dataclass(frozen=True, slots=True)
class Broker:
    """`amqp` without a virtual host; `api` is the management API's base, empty when there is none."""

    amqp: str
    api: str = ""
    shared_vhost: str = "/"

    @contextlib.contextmanager
    def vhost(self) -> Iterator[str]:
        """The AMQP URL of a fresh virtual host; the shared one when the broker offers no way to make one."""
        name = f"attune-{uuid.uuid4().hex[:12]}"
        ways = self.ways(name)
        if ways is None:
            yield self._url(self.shared_vhost)
            return
        make, remove = ways
        make()
        try:
            yield self._url(name)
        finally:
            remove()

    def _url(self, vhost: str) -> str:
        return urlunsplit(urlsplit(self.amqp)._replace(path="/" + quote(vhost, safe="")))

    def ways(self, name: str) -> tuple[Callable[[], None], Callable[[], None]] | None:
        if self.api:
            return (lambda: self._call("PUT", name)), (lambda: self._call("DELETE", name))
        if shutil.which("rabbitmqctl") and urlsplit(self.amqp).hostname in ("127.0.0.1", "localhost"):
            user = urlsplit(self.amqp).username or "guest"
            return (lambda: _control_make(name, user)), (lambda: _control("delete_vhost", name))
        return None

    def _call(self, method: str, vhost: str) -> None:
        parts = urlsplit(self.amqp)
        login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        request = Request(f"{self.api}/vhosts/{vhost}", method=method, headers={"Authorization": f"Basic {login}"})
        urlopen(request, timeout=30).close()


def _control(*arguments: str) -> None:
    subprocess.run(["rabbitmqctl", *arguments], check=True, capture_output=True, timeout=60)


def _control_make(vhost: str, user: str) -> None:
    _control("add_vhost", vhost)
    _control("set_permissions", "-p", vhost, user, ".*", ".*", ".*")


@contextlib.contextmanager
def broker() -> Iterator[Broker]:
    """The session's broker, by the order of finding one; skips or fails the test when there is none."""
    given = os.environ.get("ATTUNE_TEST_AMQP_URL")
    if given:
        path = urlsplit(given).path.lstrip("/")
        yield Broker(given, os.environ.get("ATTUNE_TEST_AMQP_API", "").rstrip("/"), path or "/")
        return
    program = _local_server()
    if program is not None:
        with _private_node(program) as node:
            yield node
    elif docker_answers():
        with _container() as node:
            yield node
    else:
        missing("rabbitmq", "set ATTUNE_TEST_AMQP_URL, or install rabbitmq-server, or start Docker")


def _local_server() -> str | None:
    """The real start script: Debian's wrapper of the same name changes users and writes to system folders."""
    found = sorted(glob.glob("/usr/lib/rabbitmq/bin/rabbitmq-server"))
    return found[0] if found else shutil.which("rabbitmq-server")


@contextlib.contextmanager
def _private_node(program: str) -> Iterator[Broker]:
    amqp, api, distribution, epmd = free_ports(4)
    home = Path(tempfile.mkdtemp(prefix="attune-rabbitmq-"))
    (home / "enabled_plugins").write_text("[rabbitmq_management].")
    (home / "rabbitmq.conf").write_text(
        f"listeners.tcp.local = 127.0.0.1:{amqp}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {api}\n"
        "log.file = false\nlog.console = true\nlog.console.level = warning\n"
        "vm_memory_high_watermark.relative = 0.8\ndisk_free_limit.absolute = 50MB\n"
    )
    environment = _node_environment(home, distribution, epmd)
    mapper = _start_port_mapper(epmd)
    output = (home / "output").open("wb")
    node = subprocess.Popen(
        [program], cwd=home, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        until_sync(
            lambda: node.poll() is not None or (answers(amqp) and answers(api)), _BOOT, "a private RabbitMQ node"
        )
        if node.poll() is not None:
            missing("rabbitmq", f"{program} ended at once: {(home / 'output').read_text()[-2000:]}")
        yield Broker(f"amqp://guest:guest@127.0.0.1:{amqp}", f"http://127.0.0.1:{api}/api")
    finally:
        _end(node, mapper)
        output.close()
        shutil.rmtree(home, ignore_errors=True)


def _node_environment(home: Path, distribution: int, epmd: int) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(home),
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"attune-{distribution}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
    }


def _start_port_mapper(port: int) -> subprocess.Popen[bytes] | None:
    """Erlang's name service as a child of ours: the one that the node would start outlives it."""
    program = shutil.which("epmd")
    if program is None:
        return None
    child = subprocess.Popen(
        [program, "-port", str(port), "-address", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until_sync(lambda: child.poll() is not None or answers(port), 10, "epmd")
    return child


def _end(node: subprocess.Popen[bytes], mapper: subprocess.Popen[bytes] | None) -> None:
    """Nothing in the node is worth a clean shutdown, which takes seconds."""
    for child in (node, mapper):
        if child is None:
            continue
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(timeout=30)


@contextlib.contextmanager
def _container() -> Iterator[Broker]:
    from testcontainers.core.container import DockerContainer

    with DockerContainer("rabbitmq:4-management-alpine").with_exposed_ports(5672, 15672) as box:
        host, amqp, api = box.get_container_host_ip(), box.get_exposed_port(5672), box.get_exposed_port(15672)
        base = Broker(f"amqp://guest:guest@{host}:{amqp}", f"http://{host}:{api}/api")
        until_sync(lambda: _is_up(base), _BOOT, "RabbitMQ in a container")
        yield base


def _is_up(candidate: Broker) -> bool:
    try:
        candidate._call("PUT", "probe")
    except OSError:
        return False
    return True
