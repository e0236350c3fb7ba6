"""Serving an ASGI app inside a process that has other things to do and keeps its signals to itself."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any, Literal

import uvicorn

from attune_core.errors import AttuneError

START_SECONDS = 15.0
DEFAULT_PORT = 8080
_BACKLOG = 2048


class AddressTaken(AttuneError):
    """The port is in use, or the address is none of this machine."""

    code = "address_taken"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """One app on one listening socket. `grace` of `stop` bounds the time for requests in flight."""

    def __init__(
        self,
        app: Callable[..., Any],
        listening: socket.socket,
        *,
        lifespan: bool = False,
        http: type[asyncio.Protocol] | Literal["auto"] = "auto",
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on" if lifespan else "off",
            server_header=False,
            timeout_keep_alive=30,
            http=http,
        )
        self._server = _Server(config)
        self._socket = listening
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when it takes connections. Errors: RuntimeError when it ends before."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        async with asyncio.timeout(START_SECONDS):
            while not self._server.started:
                if self._task.done():
                    raise RuntimeError("the HTTP server ended while starting") from self._task.exception()
                await asyncio.sleep(0.01)

    async def stop(self, grace: float) -> None:
        """Take no more; cut what has not ended after `grace` seconds (streams never end by themselves)."""
        if self._task is None:
            return
        self._server.config.timeout_graceful_shutdown = max(1, int(grace))
        self._server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the port, 0 for any free one. Errors: OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def open_socket(host: str, port: int | None) -> socket.socket:
    """The port that was asked for; when none was, 8080 or, where that is taken, any free one.

    Errors: AddressTaken when the port that was asked for is taken.
    """
    if port is not None:
        try:
            return listen(host, port)
        except OSError as problem:
            raise AddressTaken(
                f"cannot listen on {host}:{port}: {problem.strerror}", hint="`--port 0` takes any free one"
            ) from problem
    try:
        return listen(host, DEFAULT_PORT)
    except OSError:
        return listen(host, 0)


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])
