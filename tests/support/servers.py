"""What tests of real servers share: which are required, free ports, coroutines from fixtures without a loop."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import pytest

T = TypeVar("T")
_NEVER_OUTGOING = range(20_000, 32_768)


def missing(server: str, why: str) -> NoReturn:
    """Skip in sight of everyone, or fail when ATTUNE_TEST_REQUIRE names the server."""
    text = f"no {server} to test with: {why}"
    required = {name.strip() for name in os.environ.get("ATTUNE_TEST_REQUIRE", "").split(",")}
    if server in required:
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def free_ports(count: int) -> list[int]:
    """Distinct ports that nobody on this machine listens on now.

    Not of those that the system gives to outgoing connections: one of these could take the port before it is
    listened on, or while a process that is started again is away.
    """
    sockets: list[socket.socket] = []
    try:
        for port in random.SystemRandom().sample(_NEVER_OUTGOING, len(_NEVER_OUTGOING)):
            if len(sockets) == count:
                break
            if (bound := _bound_to(port)) is not None:
                sockets.append(bound)
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _bound_to(port: int) -> socket.socket | None:
    """None when somebody has the port."""
    own = socket.socket()
    try:
        own.bind(("127.0.0.1", port))
    except OSError:
        own.close()
        return None
    return own


def answers(port: int) -> bool:
    """Whether something accepts connections on the local port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from a synchronous fixture, in a loop and thread of its own."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
