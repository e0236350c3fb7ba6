"""Sensors as registered, and what they print. Who runs them: `sensor_leases`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("sensors")
KEPT_LINES = 5_000
Line = tuple[str, datetime, str]
"""(stream, time, text)"""


@dataclass(frozen=True, slots=True)
class SensorRow:
    """A sensor as it is to be stored. `spec`: poll, triggers, parameters, env."""

    ref: str
    label: str
    description: str
    runtime: str
    entry_point: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True


async def get(connection: Connection, ref: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, ref)


async def page(
    connection: Connection, after: str | None, pack: str | None, limit: int, packs: Sequence[str] | None = None
) -> list[Row]:
    """By ref. `packs`: of these alone."""
    return await connection.fetch(_SQL.page, after, pack, limit, None if packs is None else list(packs))


async def put(unit: Connection, pack: int, pack_ref: str, sensor: SensorRow) -> bool:
    """Store or replace, whoever runs it goes on running it; False when another pack has a sensor of that ref."""
    touched = await unit.execute(
        _SQL.put, sensor.ref, pack, pack_ref, sensor.label, sensor.description, sensor.runtime, sensor.entry_point,
        dict(sensor.spec), sensor.enabled,
    )  # fmt: skip
    return touched > 0


async def delete_others(unit: Connection, pack: int, refs: Sequence[str]) -> int:
    """Remove the pack's sensors that are not in `refs`."""
    return await unit.execute(_SQL.delete_others, pack, list(refs))


async def ask_restart(unit: Connection, ref: str) -> bool:
    """False when there is no such sensor."""
    return await unit.execute(_SQL.ask_restart, ref) > 0


async def restart_all(unit: Connection, pack: int) -> None:
    """Start the pack's sensors anew."""
    await unit.execute(_SQL.restart_all, pack)


async def add_lines(unit: Connection, sensor: int, lines: Sequence[Line]) -> None:
    """Keep what it printed; of all it ever printed the last KEPT_LINES."""
    if lines:
        await unit.execute(_SQL.add_lines, sensor, *(list(column) for column in zip(*lines, strict=True)))
        await unit.execute(_SQL.cut_log, sensor, KEPT_LINES)


async def last_lines(connection: Connection, sensor: int, before: int | None, limit: int) -> list[Row]:
    """The last lines before a number (None: the very last), oldest first: seq, stream, time, line."""
    return await connection.fetch(_SQL.lines_before, sensor, before, limit)


async def lines_after(connection: Connection, sensor: int, after: int, limit: int) -> list[Row]:
    return await connection.fetch(_SQL.lines_after, sensor, after, limit)
