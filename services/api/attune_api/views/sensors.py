"""Sensors as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from attune_common.store.connection import Row


class Sensor(BaseModel):
    """`status`: disabled, pending (nobody runs it), starting, running, backoff (it failed; see `error`), stopping.

    `failures` in a row; `poll` in seconds, null when it runs by itself; `service`: who runs it.
    """

    ref: str
    pack_ref: str
    label: str
    description: str
    status: str
    service: str | None
    enabled: bool
    runtime: str
    entry_point: str
    poll: float | None
    triggers: list[str]
    parameters: dict[str, Any]
    started_at: datetime | None
    failures: int
    error: dict[str, Any] | None
    retry_at: datetime | None
    events: int
    last_event: datetime | None
    created: datetime
    updated: datetime


class SensorLine(BaseModel):
    """One line that a sensor printed; `system`: the platform says it."""

    seq: int
    stream: str
    time: datetime
    line: str


class SensorLines(BaseModel):
    items: list[SensorLine]


def sensor(row: Row) -> Sensor:
    spec = row["spec"]
    running = row["status"] in ("starting", "running", "backoff", "stopping")
    return Sensor(
        poll=spec.get("poll"),
        triggers=spec.get("triggers") or [],
        parameters=spec.get("parameters") or {},
        service=row["service"] if running else None,
        **{
            name: row[name] for name in Sensor.model_fields if name not in ("poll", "triggers", "parameters", "service")
        },
    )


def line(row: Row) -> SensorLine:
    return SensorLine(**{name: row[name] for name in SensorLine.model_fields})
