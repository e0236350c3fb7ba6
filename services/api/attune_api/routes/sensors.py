"""/sensors: what watches the outside world and how it fares; and what the services that run them need."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from attune_api import belongs
from attune_api.auth import Caller
from attune_api.catalog_queries import OfPack
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.names import MAX_ID, Ref
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.lease_sensors import lease_sensors, start_sensor
from attune_api.usecases.sensor_events import take_sensor_events, take_sensor_lines
from attune_api.views.sensors import Sensor, SensorLines, line, sensor
from attune_common.contracts.sensor import (
    EmitAnswer,
    EmitRequest,
    LeaseAnswer,
    LeaseRequest,
    LogRequest,
    Start,
    StartRequest,
)
from attune_common.store import sensors
from attune_common.store.connection import Row

routes = router("/api/v1/sensors", tag="sensors")
_BY_REF = Keyset("sensors", ("ref",), (str,))
Lines = Annotated[int, Query(ge=1, le=1_000)]
Seq = Annotated[int | None, Query(ge=0, le=MAX_ID)]


@routes.get("", response_model=Page[Sensor], summary="List sensors")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[OfPack, Query()]) -> Page[Sensor]:
    return await _BY_REF.listed(
        shared.store, query,
        lambda connection, after, most: sensors.page(connection, after, query.pack, most, caller.packs()),
        sensor,
    )  # fmt: skip


@routes.post("/leases", response_model=LeaseAnswer, summary="Hold sensors (for sensor services)")
@declares(Permission.CONTENT)
async def lease(shared: Shared, body: LeaseRequest) -> LeaseAnswer:
    """Keeps what the service holds, gives it its share of the rest. To be asked again well before the lease ends."""
    return await lease_sensors(shared.store, shared.settings, body)


@routes.get("/{ref}", response_model=Sensor, summary="Get a sensor")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref())
async def one(shared: Shared, ref: Ref) -> Sensor:
    return sensor(await _read(shared, ref))


@routes.get("/{ref}/logs", response_model=SensorLines, summary="What a sensor printed")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref())
async def logs(shared: Shared, ref: Ref, limit: Lines = 100, after: Seq = None, before: Seq = None) -> SensorLines:
    """The last lines, or those after or before a `seq`; oldest first."""
    row = await _read(shared, ref)
    async with shared.store.connection() as connection:
        if after is not None:
            found = await sensors.lines_after(connection, row["id"], after, limit)
        else:
            found = await sensors.last_lines(connection, row["id"], before, limit)
    return SensorLines(items=[line(entry) for entry in found])


@routes.post("/{ref}/restart", status_code=202, response_model=Sensor, summary="Start a sensor anew")
@declares(Permission.RUN, refusals=(404,), of=belongs.by_ref())
async def restart(shared: Shared, ref: Ref) -> Sensor:
    """Also one that waits after a failure. Whoever runs it does so within seconds."""
    async with shared.store.unit() as unit:
        if not await sensors.ask_restart(unit, ref):
            raise NotFound(f"there is no sensor {ref!r}")
    return sensor(await _read(shared, ref))


@routes.post("/{ref}/start", response_model=Start, summary="What is needed to start it (for sensor services)")
@declares(Permission.CONTENT, refusals=(409,))
async def start(shared: Shared, ref: Ref, body: StartRequest) -> Start:
    return await start_sensor(shared.store, shared.vault, ref, body.token)


@routes.post("/{ref}/events", response_model=EmitAnswer, summary="What it emits (for sensor services)")
@declares(Permission.CONTENT, refusals=(409,))
async def emit(shared: Shared, ref: Ref, body: EmitRequest) -> EmitAnswer:
    """Answered after the commit: events and state together, or nothing of it."""
    return await take_sensor_events(shared.store, shared.vault, ref, body)


@routes.post("/{ref}/logs", status_code=204, response_class=Response, summary="What it prints (for sensor services)")
@declares(Permission.CONTENT, refusals=(409,))
async def printed(shared: Shared, ref: Ref, body: LogRequest) -> None:
    await take_sensor_lines(shared.store, ref, body)


async def _read(shared: Context, ref: str) -> Row:
    async with shared.store.connection() as connection:
        row = await sensors.get(connection, ref)
    if row is None:
        raise NotFound(f"there is no sensor {ref!r}")
    return row
