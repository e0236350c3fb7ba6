"""Who runs which sensor: leases, each with a token that nobody else has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row, jsons

_SQL = queries.load("sensor_leases")


@dataclass(frozen=True, slots=True)
class Report:
    """What a service says of a sensor that it holds. `reported` counts the failures under this token.

    `failures` in a row; `retry`: seconds until it is started again.
    """

    token: str
    status: str
    started_at: datetime | None = None
    failures: int = 0
    error: dict[str, Any] | None = None
    retry: float | None = None
    reported: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """`sensors` are to be run by `services`; `held` of them by this one."""

    sensors: int
    services: int
    held: int

    @property
    def share(self) -> int:
        """What one service runs when all have the same, rounded up."""
        return -(-self.sensors // max(self.services, 1))


async def seen(unit: Connection, service: str, slots: int) -> None:
    await unit.execute(_SQL.seen, service, slots)


async def gone(unit: Connection, service: str) -> None:
    """The service takes nothing more."""
    await unit.execute(_SQL.gone, service)


async def release(unit: Connection, service: str, tokens: Sequence[str]) -> None:
    """Anyone may have these sensors."""
    if tokens:
        await unit.execute(_SQL.release, service, list(tokens))


async def report(unit: Connection, service: str, reports: Sequence[Report]) -> list[Row]:
    """Keep the reports whose token is current: ref, token, and whether it tells of a failure for the first time."""
    if not reports:
        return []
    names = ("token", "status", "started_at", "failures")
    columns = [[getattr(one, name) for one in reports] for name in names]
    errors = jsons(one.error for one in reports)
    rest = [[one.retry for one in reports], [one.reported for one in reports]]
    return await unit.fetch(_SQL.report, service, *columns, errors, *rest)


async def renew(unit: Connection, service: str, tokens: Sequence[str], seconds: float) -> None:
    """Those of them that are current and whose sensor is still to be run."""
    if tokens:
        await unit.execute(_SQL.renew, service, list(tokens), seconds)


async def room(unit: Connection, service: str, alive_within: float) -> Room:
    row = await unit.fetchrow(_SQL.room, service, alive_within)
    assert row is not None
    return Room(row["sensors"], row["services"], row["held"])


async def take(unit: Connection, service: str, most: int, seconds: float) -> int:
    """Take up to `most` sensors that nobody holds; how many."""
    return await unit.execute(_SQL.take, service, most, seconds) if most > 0 else 0


async def held(connection: Connection, service: str) -> list[Row]:
    """id, ref, token, tenure, pack_ref, digest, runtime, entry_point, spec, restarts, config of what it holds."""
    return await connection.fetch(_SQL.held, service)


async def holding(unit: Connection, ref: str, token: str) -> Row | None:
    """The sensor, locked, when this token is current: as `held` gives it, without token and tenure."""
    return await unit.fetchrow(_SQL.holding, ref, token)


async def count_events(unit: Connection, sensor: int, count: int) -> None:
    await unit.execute(_SQL.count_events, sensor, count)
