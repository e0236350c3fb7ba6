"""What a batch of reports begins with, in one question: the time, the executions, their runs. Nothing is locked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from attune_common.store import executions, queries
from attune_common.store.connection import Connection, Row
from attune_common.store.executions import Execution
from attune_common.store.internal_events import OF_EXECUTIONS, Moment

_SQL = queries.load("reports")

Version = int
"""The transaction that has written a row; another one has when it was changed."""


@dataclass(frozen=True, slots=True)
class Opening:
    """`runs`: rows of id, revision, pack_ref, pack_seen (the version of the pack's row) by id."""

    moment: Moment
    executions: list[Execution]
    runs: dict[int, Row]


async def open(connection: Connection, executions_told: Collection[int]) -> Opening | None:
    """With an id for a new execution for each of them; None when there is none of them. The unit is late."""
    rows = await connection.look(_SQL.open, sorted(executions_told), list(OF_EXECUTIONS))
    if not rows:
        return None
    runs = {row["id"]: row for row in rows if row["id"] is not None}
    connection.saw("execution", {row["execution"]: row["seen"] for row in rows})
    connection.saw("workflow_run", {id: row["run_seen"] for id, row in runs.items()})
    first = rows[0]
    ids = [row["new_id"] for row in rows]
    moment = Moment(first["now"], frozenset(first["heard"]), ids, first["registered"])
    return Opening(moment, list(map(executions.from_row, rows)), runs)


async def configs(connection: Connection, packs: Iterable[str]) -> list[Row]:
    """Rows of ref, seen, config, config_secrets."""
    return await connection.look(_SQL.configs, sorted(packs))
