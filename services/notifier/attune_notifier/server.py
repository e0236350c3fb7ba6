"""The HTTP server of the notifier's own process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import APIRouter, FastAPI, Response
from fastapi.exceptions import RequestValidationError

from attune_common.runtime import json, metrics
from attune_common.runtime.bounded_http import BoundedProtocol
from attune_common.runtime.health import Health, Report
from attune_common.runtime.lean import OLD_PYDANTIC, without
from attune_notifier.problems import on_invalid


def create_app(router: APIRouter, health: Health) -> FastAPI:
    """The stream, /health/live, /health/ready and /metrics. No CORS: browsers come through the API's origin."""
    app = FastAPI(title="Attune notifier", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_exception_handler(RequestValidationError, on_invalid)

    async def live() -> Response:
        return _report(health.live())

    async def ready() -> Response:
        return _report(await health.ready())

    async def scrape() -> Response:
        content_type, body = metrics.render()
        return Response(body, headers={"Content-Type": content_type})

    with without(OLD_PYDANTIC):
        app.include_router(router)
        for path, answer in {"/health/live": live, "/health/ready": ready, "/metrics": scrape}.items():
            app.get(path)(answer)
    return app


def _report(report: Report) -> Response:
    return Response(json.dumps(report.as_json()), 200 if report.ok else 503, media_type="application/json")


class _Uvicorn(uvicorn.Server):
    """Signals belong to the process (runtime.lifecycle)."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """`port` is known after `start`, also when 0 was asked for."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        config = uvicorn.Config(
            app, host=host, port=port, lifespan="off", log_config=None, access_log=False, server_header=False,
            http=BoundedProtocol,
        )  # fmt: skip
        self._uvicorn = _Uvicorn(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return int(self._uvicorn.servers[0].sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Return when it listens. Errors: OSError when the address is taken."""
        self._serving = serving = asyncio.create_task(self._uvicorn.serve())
        while not self._uvicorn.started:
            if serving.done():
                raise OSError(f"cannot listen on {self._uvicorn.config.host}:{self._uvicorn.config.port}")
            await asyncio.sleep(0.01)

    async def stop(self, grace: float) -> None:
        """Let answers end for `grace` seconds at most."""
        if self._serving is None:
            return
        self._uvicorn.should_exit = True
        await asyncio.wait([self._serving], timeout=grace)
        if not self._serving.done():
            self._uvicorn.force_exit = True
            await asyncio.wait([self._serving], timeout=2)
