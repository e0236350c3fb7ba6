"""What a batch begins with, in one question: the time, its executions, what belongs to them. Nothing is locked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from attune_common.store import executions, queries
from attune_common.store.connection import Connection, Row
from attune_common.store.executions import Execution
from attune_common.store.internal_events import OF_EXECUTIONS, Moment
from attune_core.workflow.inputs import stored

_SQL = queries.load("openings")


@dataclass(frozen=True, slots=True)
class Opening:
    """`rows` are in the order of the executions. The moment has an id for a new execution for each of them.

    Of reports each has id, revision, pack_ref and pack_seen (the version of the pack's row) of the execution's run.
    Of requests each has login, config and config_secrets, and an id for a run, `run`, where the action is a workflow.
    """

    moment: Moment
    executions: list[Execution]
    rows: Sequence[Row]


async def of_reports(connection: Connection, wanted: Collection[int]) -> Opening | None:
    """None when there is none of the executions. The unit is late."""
    opening = await _opened(connection, _SQL.reports, wanted)
    if opening is not None:
        versions = {row["id"]: row["revision"] for row in opening.rows if row["id"] is not None}
        connection.saw("workflow_run", versions)
    return opening


async def of_requests(connection: Connection, wanted: Collection[int]) -> Opening | None:
    """The same, with parameters."""
    opening = await _opened(connection, _SQL.requests, wanted)
    if opening is not None:
        for execution, row in zip(opening.executions, opening.rows, strict=True):
            execution.parameters = stored(row["parameters"], row["secrets"])
    return opening


async def of_events(connection: Connection, wanted: Collection[int]) -> tuple[Moment, Sequence[Row]] | None:
    """Those that have not been through the rules, as `events_matching.lock` gives them; None when there is none."""
    rows = await connection.look(_SQL.events, sorted(wanted), list(OF_EXECUTIONS))
    if not rows:
        return None
    connection.saw("event", {row["id"]: row["seen"] for row in rows})
    return _moment(rows), rows


async def _opened(connection: Connection, question: str, wanted: Collection[int]) -> Opening | None:
    rows = await connection.look(question, sorted(wanted), list(OF_EXECUTIONS))
    if not rows:
        return None
    connection.saw("execution", {row["execution"]: row["seen"] for row in rows})
    return Opening(_moment(rows), list(map(executions.from_row, rows)), rows)


def _moment(rows: Sequence[Row]) -> Moment:
    first, ids = rows[0], [row["new_id"] for row in rows]
    return Moment(first["now"], frozenset(first["heard"]), ids, first["registered"])


async def configs(connection: Connection, packs: Iterable[str]) -> list[Row]:
    """Rows of ref, seen, config, config_secrets."""
    return await connection.look(_SQL.configs, sorted(packs))
