"""What clients ask of executions and runs, stored for the executor: start, cancel, pause, resume, retry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_common.store import queries, secrets
from attune_common.store.connection import Connection, Row, jsons
from attune_common.store.secrets import Owned
from attune_common.vault.envelope import Sealed
from attune_core.expressions.markers import encode

_SQL = queries.load("requests")
_INSERTED = (
    "action_ref", "is_workflow", "identity", "trace_id", "idempotency_key", "digest", "parent", "depth", "event",
)  # fmt: skip
_NEW = tuple(name for name in _INSERTED if name != "idempotency_key")
Stored = Mapping[str, Any] | Row
"""id and created of an execution."""


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """An execution to store as requested. `digest` is that of the request, for its idempotency key.

    `sealed`: what the secrets in the parameters stand for. `parent`: the execution whose action asks for it.
    """

    action_ref: str
    is_workflow: bool
    parameters: Mapping[str, Any]
    identity: int | None
    trace_id: str
    idempotency_key: str | None = None
    digest: str = ""
    sealed: Sequence[Sealed] = ()
    parent: int | None = None
    depth: int = 0
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What starting executions begins with. `registered`: another number when what is registered has changed."""

    now: datetime
    registered: int
    ids: Sequence[int]


async def opening(connection: Connection, count: int) -> Opening:
    """All in one question. `count`: how many ids for executions without a key."""
    [row] = await connection.look(_SQL.opening, count)
    return Opening(row["now"], row["registered"], row["ids"])


async def insert(unit: Connection, rows: Sequence[ExecutionRow], opening: Opening) -> list[Stored | None]:
    """id and created of each, in order; None when the identity has used its key before."""
    ids = iter(opening.ids)
    free = [(next(ids), row) for row in rows if row.idempotency_key is None]
    await _insert_new(unit, free, opening.now)
    new: Iterator[Stored | None] = iter([{"id": id, "created": opening.now} for id, _ in free])
    keyed = iter(await _insert_once(unit, [row for row in rows if row.idempotency_key is not None]))
    return [next(new if row.idempotency_key is None else keyed) for row in rows]


async def _insert_new(unit: Connection, rows: Sequence[tuple[int, ExecutionRow]], now: datetime) -> None:
    """Those that are asked for without a key: each is one more."""
    if rows:
        ids, new = zip(*rows, strict=True)
        columns = [[getattr(row, name) for row in new] for name in _NEW]
        await unit.later(_SQL.insert_new, list(ids), *columns, *_written(new), now)
        await secrets.insert(unit, [Owned(one, execution=id) for id, row in rows for one in row.sealed])


async def _insert_once(unit: Connection, rows: Sequence[ExecutionRow]) -> list[Stored | None]:
    if not rows:
        return []
    columns = [[getattr(row, name) for row in rows] for name in _INSERTED]
    found = {row["place"]: row for row in await unit.fetch(_SQL.insert, *columns, *_written(rows))}
    stored: list[Stored | None] = [found.get(place) for place in range(1, len(rows) + 1)]
    pairs = [(row, new["id"]) for row, new in zip(rows, stored, strict=True) if new is not None]
    await secrets.insert(unit, [Owned(one, execution=id) for row, id in pairs for one in row.sealed])
    return stored


def _written(rows: Sequence[ExecutionRow]) -> tuple[list[Any], list[Any]]:
    """Their parameters, and where in them secrets are."""
    encoded = [encode(dict(row.parameters)) for row in rows]
    return jsons(json for json, _ in encoded), jsons(places or None for _, places in encoded)


async def origins(connection: Connection, executions: set[int]) -> dict[int, Row]:
    """depth, trace_id and event of the executions whose actions ask for something."""
    if not executions:
        return {}
    return {row["id"]: row for row in await connection.fetch(_SQL.origins, sorted(executions))}


def shown(row: ExecutionRow, stored: Stored) -> dict[str, Any]:
    """What `execution_views.get` would give of it at this moment, without its identity's login."""
    return {
        **_UNTOUCHED,
        "id": stored["id"],
        "action_ref": row.action_ref,
        "is_workflow": row.is_workflow,
        "parameters": encode(dict(row.parameters))[0],
        "trace_id": row.trace_id,
        "parent": row.parent,
        "event": row.event,
        "created": stored["created"],
        "updated": stored["created"],
    }


_UNTOUCHED: dict[str, Any] = {"status": "requested", "attempt": 1, "max_retries": 0, "cancel_requested": False} | (
    dict.fromkeys(
        (
            "parent", "root", "workflow_run", "task_name", "iteration", "task_index", "timeout", "pool", "result",
            "error", "worker", "rule_ref", "trigger_ref", "event", "started_at", "completed_at", "workflow_execution",
            "incident",
        )
    )
)  # fmt: skip


async def by_idempotency_keys(connection: Connection, wanted: Sequence[tuple[int | None, str]]) -> list[Row | None]:
    """The executions (id, request_digest) that were asked for with these (identity, key), in order."""
    if not wanted:
        return []
    identities, keys = [identity for identity, _ in wanted], [key for _, key in wanted]
    found = {row["place"]: row for row in await connection.fetch(_SQL.by_idempotency_keys, identities, keys)}
    return [found.get(place) for place in range(1, len(wanted) + 1)]


async def secret_parameters(connection: Connection, execution: int) -> Row | None:
    """The stored parameters and the places of their secrets."""
    return await connection.fetchrow(_SQL.secret_parameters, execution)


async def lock_execution(unit: Connection, execution: int) -> Row | None:
    return await unit.fetchrow(_SQL.lock_execution, execution)


async def latest_run(connection: Connection, execution: int) -> Row | None:
    """The newest run (id, status) of a workflow's execution."""
    return await connection.fetchrow(_SQL.latest_run, execution)


async def run(connection: Connection, run_id: int) -> Row | None:
    """The run; `asked`: whether it was last asked to pause or to resume, while no executor has done that yet."""
    return await connection.fetchrow(_SQL.run, run_id)


async def request_cancel(unit: Connection, execution: int) -> None:
    await unit.execute(_SQL.request_cancel, execution)


async def finish_cancelled(unit: Connection, execution: int, error: Mapping[str, Any]) -> None:
    """End an execution that no worker holds."""
    await unit.execute(_SQL.finish_cancelled, execution, dict(error))


async def waiting(connection: Connection, most: int) -> int:
    """How many executions wait for an executor or a worker, counted up to `most`."""
    count: int = await connection.fetchval(_SQL.waiting, most)
    return count
