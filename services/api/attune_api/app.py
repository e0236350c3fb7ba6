"""The app and the process around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI

from attune_api import problems, tidy
from attune_api.context import Context
from attune_api.documentation import document
from attune_api.guard import Guard
from attune_api.routes import ROUTERS, stream
from attune_api.routing import AttuneRoute
from attune_api.server import Api
from attune_api.usecases.bootstrap import configured_tokens, prepare_until_done
from attune_common.bus.bus import Bus
from attune_common.bus.factory import build_bus
from attune_common.outbox import Relay
from attune_common.runtime import lifecycle, logging
from attune_common.runtime.health_watch import HealthWatch
from attune_common.runtime.lean import OLD_PYDANTIC, without
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store

PREPARE_SECONDS = 5.0
"""How long the start waits for the database; longer than that, and the API starts without it."""


def create_app(store: Store, bus: Bus, settings: Settings, *, extra_routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The API over an open store and a started bus. `extra_routers` (the live stream's) look after rights themselves.

    While the app's lifespan runs, the configured tokens and the core pack are put in place; until that is done
    `/health/ready` says no. Errors: AttuneError when a configured token has no valid form.
    """
    configured_tokens(settings)
    context = Context(store, bus, settings)
    app = FastAPI(
        title="Attune", version=_version(), openapi_url=None, docs_url=None, redoc_url=None,
        redirect_slashes=False, lifespan=_lifespan,
    )  # fmt: skip
    app.state.context = context
    app.router.routes.extend(all_routes())
    with without(OLD_PYDANTIC):
        for extra in extra_routers:
            app.include_router(extra)
        if settings.notifier_url and not extra_routers:
            app.include_router(stream.routes)
    problems.install(app)
    app.add_middleware(Guard, at_once=settings.limits.requests_at_once)
    app.openapi = _documented(app)  # type: ignore[method-assign]
    return app


def all_routes() -> list[AttuneRoute]:
    """Every route of the API itself."""
    return [route for routes in ROUTERS for route in routes.routes if isinstance(route, AttuneRoute)]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    preparing = asyncio.create_task(prepare_until_done(app.state.context))
    await asyncio.wait({preparing}, timeout=PREPARE_SECONDS)
    tidying = asyncio.create_task(tidy.forever(app.state.context.store))
    try:
        yield
    finally:
        app.state.context.health.drain()
        await lifecycle.cancel([preparing, tidying])
        if app.state.context.oidc is not None:
            await app.state.context.oidc.close()


def _documented(app: FastAPI) -> Any:
    """Made once, when it is first asked for."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(document(app, all_routes()))
        return made

    return openapi


def _version() -> str:
    try:
        return version("attune-flow")
    except PackageNotFoundError:
        return "0"


async def main(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """Run the API until `stopping` is set."""
    logging.configure(settings, "api")
    stopped = stopping or asyncio.Event()
    store, bus = Store(settings, source="attune/api"), build_bus(settings, "attune/api")
    relay = Relay(store, bus)
    app = create_app(store, bus, settings)
    api = Api(app, settings.api_host, settings.api_port)
    watch = HealthWatch(app.state.context.health)

    async def start() -> None:
        await store.open()
        await bus.start()
        await relay.start()
        await api.start()
        watch.start()

    async def stop(grace: float) -> None:
        app.state.context.health.drain()
        await watch.stop()
        await api.stop(grace)
        await relay.stop(grace)
        await bus.stop()
        await store.close()

    await lifecycle.until_stopped(stopped, start, stop, settings.grace_seconds)


def serve(settings: Settings) -> None:
    """Run the API as this process, until a signal."""

    async def run(stopping: asyncio.Event) -> None:
        await main(settings, stopping)

    lifecycle.run_service(run)
