"""What Attune itself tells rules: stored in the transaction of the thing itself, and only when a rule listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from attune_common.contracts.event import EventCreated
from attune_common.runtime.random_ids import random_id
from attune_common.store import events, queries
from attune_common.store.connection import Connection, Row
from attune_common.store.events import EventRow
from attune_common.store.unit import Unit

_SQL = queries.load("internal_events")

EXECUTION_FINISHED: Final = "core.execution_finished"
WORKFLOW_FINISHED: Final = "core.workflow_finished"
INQUIRY_OPENED: Final = "core.inquiry_opened"
PACK_REGISTERED: Final = "core.pack_registered"
DEAD_LETTER: Final = "core.dead_letter"
INCIDENT_OPENED: Final = "core.incident_opened"
SENSOR_FAILED: Final = "core.sensor_failed"
OF_EXECUTIONS: Final = (EXECUTION_FINISHED, WORKFLOW_FINISHED, INQUIRY_OPENED)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something to tell. `execution`: the one that it comes of, which hands on its trace id and its depth."""

    trigger: str
    payload: Mapping[str, Any]
    execution: int | None = None
    trace_id: str = ""
    dedup_key: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """The transaction's time, and which of the triggers asked for an enabled rule listens to, as of then.

    `ids`: for executions that are about to be made. `registered`: another number
    when what is registered has changed.
    """

    now: datetime
    heard: frozenset[str] = field(default_factory=frozenset)
    ids: Sequence[int] = ()
    registered: int | None = None


async def moment(unit: Connection, triggers: Sequence[str] = OF_EXECUTIONS, ids: int = 0) -> Moment:
    """All in one question, so that knowing who listens costs no further round trip. `ids`: how many."""
    row = await unit.fetchrow(_SQL.moment, list(triggers), ids)
    assert row is not None
    return Moment(row["now"], frozenset(row["heard"]), row["ids"], row["registered"])


async def tell(unit: Unit, *happenings: Happening) -> None:
    """Store and announce those of the happenings that a rule listens to."""
    wanted = {happening.trigger for happening in happenings}
    heard = (await moment(unit, sorted(wanted))).heard if wanted else frozenset()
    await store(unit, [happening for happening in happenings if happening.trigger in heard])


async def store(unit: Unit, happenings: Sequence[Happening]) -> None:
    """Store and announce them, whoever listens."""
    if not happenings:
        return
    found = await origins(unit, {h.execution for h in happenings if h.execution is not None})
    depths = {execution: origin["depth"] for execution, origin in found.items()}
    rows = [_row(happening, depths.get(happening.execution or 0, 0)) for happening in happenings]
    for row, id in zip(rows, await events.insert_many(unit, rows), strict=True):
        if id is not None:
            unit.emit(EventCreated(event_id=id, trigger_ref=row.trigger_ref, trace_id=row.trace_id))


async def origins(connection: Connection, executions: set[int]) -> dict[int, Row]:
    """trace_id and depth of an event that comes of an execution, by execution.

    The depth is one more than that of the event which started it all.
    """
    if not executions:
        return {}
    return {row["id"]: row for row in await connection.fetch(_SQL.origins, sorted(executions))}


def _row(happening: Happening, depth: int) -> EventRow:
    source: dict[str, Any] = {"kind": "internal"}
    if happening.execution is not None:
        source["execution"] = happening.execution
    trace = happening.trace_id or random_id()
    return EventRow(happening.trigger, dict(happening.payload), trace, source, happening.dedup_key, depth)
