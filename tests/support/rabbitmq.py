"""A RabbitMQ for the tests: a given one, a private node of a local installation, or a container."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from tests.support.rabbitmq_node import BOOT_SECONDS, NodeEnded, PrivateNode, local_program
from tests.support.servers import docker_answers, missing
from tests.support.waiting import until_sync


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
    program = local_program()
    if program is not None:
        with _private_node(program) as node:
            yield node
    elif docker_answers():
        with _container() as node:
            yield node
    else:
        missing("rabbitmq", "set ATTUNE_TEST_AMQP_URL, or install rabbitmq-server, or start Docker")


@contextlib.contextmanager
def _private_node(program: str) -> Iterator[Broker]:
    node = PrivateNode(program)
    try:
        try:
            node.start()
        except NodeEnded as problem:
            missing("rabbitmq", str(problem))
        yield Broker(node.amqp, node.api)
    finally:
        node.remove()


@contextlib.contextmanager
def _container() -> Iterator[Broker]:
    from testcontainers.core.container import DockerContainer

    with DockerContainer("rabbitmq:4-management-alpine").with_exposed_ports(5672, 15672) as box:
        host, amqp, api = box.get_container_host_ip(), box.get_exposed_port(5672), box.get_exposed_port(15672)
        base = Broker(f"amqp://guest:guest@{host}:{amqp}", f"http://{host}:{api}/api")
        until_sync(lambda: _is_up(base), BOOT_SECONDS, "RabbitMQ in a container")
        yield base


def _is_up(candidate: Broker) -> bool:
    try:
        candidate._call("PUT", "probe")
    except OSError:
        return False
    return True
