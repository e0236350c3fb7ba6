"""The HTTP server of this process: uvicorn, which leaves signals to whoever runs the process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from attune_common.runtime.bounded_http import BoundedProtocol


class Api:
    """The API as a process part: an HTTP server over an app. `port` is known after `start`."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        config = uvicorn.Config(
            app, host=host, port=port, log_config=None, access_log=False, server_header=False,
            timeout_keep_alive=30, http=BoundedProtocol,
        )  # fmt: skip
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Return when it listens. Errors: OSError when the address is taken."""
        serving = asyncio.create_task(self._server.serve())
        self._serving = serving
        while not self._server.started:
            if serving.done():
                serving.result()
                raise OSError(f"cannot listen on {self._server.config.host}:{self._server.config.port}")
            await asyncio.sleep(0.01)

    async def stop(self, grace: float) -> None:
        """Answer what is asked already, for at most `grace` seconds."""
        if self._serving is None:
            return
        self._server.should_exit = True
        done, _ = await asyncio.wait({self._serving}, timeout=grace)
        if not done:
            self._server.force_exit = True
            await asyncio.wait({self._serving}, timeout=2)


class _Server(uvicorn.Server):
    """Signals belong to the process (runtime.lifecycle), and so does leaving it."""

    def install_signal_handlers(self) -> None:
        return

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
