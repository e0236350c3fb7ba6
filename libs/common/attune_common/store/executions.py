"""Executions in the hand of a transaction: locked, changed in memory, written back in one statement per kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row, jsons
from attune_core.expressions.markers import encode
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.inputs import stored

_SQL = queries.load("executions")
_LEASED = (ExecutionStatus.RUNNING, ExecutionStatus.CANCELING)


@dataclass(slots=True)
class Execution:
    """One row. `parameters`, `result` and `error` are not loaded with it: None leaves the parameters as stored.

    `parameters` hold secrets as `Secret`; stored are their markers, and beside them their places.

    `depth` counts the runs around it. `losses` are attempts that a worker lost, `attempts_before` those of earlier
    tries of its run; `attempt` includes both. `pack_version` is the version of its pack that it keeps, once it began.
    `claim` is written by `leases.claim` alone.
    """

    id: int
    action_ref: str
    status: ExecutionStatus
    trace_id: str
    attempt: int = 1
    token: str | None = None
    parent: int | None = None
    root: int | None = None
    workflow_run: int | None = None
    task_name: str | None = None
    iteration: int | None = None
    task_index: int | None = None
    depth: int = 0
    is_workflow: bool = False
    tries: int = 1
    max_retries: int = 0
    losses: int = 0
    attempts_before: int = 0
    timeout: float | None = None
    pool: str | None = None
    cancel_requested: bool = False
    identity: int | None = None
    rule_ref: str | None = None
    trigger_ref: str | None = None
    event: int | None = None
    worker: str | None = None
    pack_version: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    claim: str | None = None
    parameters: dict[str, Any] | None = None
    result: Any = None
    error: dict[str, Any] | None = None

    @property
    def root_id(self) -> int:
        """The outermost execution: itself for one that nobody's run started."""
        return self.root or self.id


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was followed by another."""

    execution: int
    attempt: int
    status: ExecutionStatus
    error: dict[str, Any] | None
    worker: str | None
    started_at: datetime | None
    completed_at: datetime | None


_STATUSES = {status.value: status for status in ExecutionStatus}


_COLUMNS = 30


def from_row(row: Row) -> Execution:
    """The statements name the columns in the order of the fields, and others after them."""
    id, action_ref, status, *rest = islice(row.values(), _COLUMNS)
    return Execution(id, action_ref, _STATUSES[status], *rest)


async def lock(connection: Connection, ids: Iterable[int]) -> list[Execution]:
    """The rows that exist, in id order, locked until the transaction ends; seen, where it has not begun."""
    wanted = sorted(set(ids))
    if not connection.is_late:
        return [from_row(row) for row in await connection.fetch(_SQL.lock, wanted)]
    rows = await connection.look(_SQL.glance, wanted)
    connection.saw("execution", {row["id"]: row["seen"] for row in rows})
    return [from_row(row) for row in rows]


async def lock_keys(connection: Connection, keys: Sequence[tuple[int, str, int, int | None]]) -> list[Execution]:
    """Rows by (run, task, iteration, item index), in id order, locked."""
    rows = await connection.fetch(_SQL.lock_keys, *_columns(keys, 4))
    return [from_row(row) for row in rows]


async def lock_live(connection: Connection, tasks: Sequence[tuple[int, str, int]]) -> list[Execution]:
    """The rows of (run, task, iteration) that are not final, items included, in id order, locked."""
    rows = await connection.fetch(_SQL.lock_live, *_columns(tasks, 3))
    return [from_row(row) for row in rows]


async def lock_workflows(connection: Connection, runs: Sequence[int]) -> list[Execution]:
    """The subworkflows of the runs that are not final, in id order, locked."""
    return [from_row(row) for row in await connection.fetch(_SQL.lock_workflows, list(runs))]


async def parameters(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = await connection.look(_SQL.parameters, list(ids))
    return {row["id"]: stored(row["parameters"], row["secrets"]) for row in rows}


async def allocate(connection: Connection, count: int) -> list[int]:
    """New ids, so that rows can name one another before they are written."""
    return [row["id"] for row in await connection.glimpse(_SQL.allocate, count)] if count else []


async def results(connection: Connection, tasks: Sequence[tuple[int, str, int]]) -> list[Row]:
    """Rows of workflow_run, task_name, iteration, task_index, status, result, error, size of the result; no order."""
    return await connection.look(_SQL.results, *_columns(tasks, 3))


async def insert(connection: Connection, rows: Sequence[Execution]) -> None:
    if rows:
        parameters, places = _parameters(rows)
        columns = [parameters if name == "parameters" else _column(rows, name) for name in _INSERTED]
        await connection.later(_SQL.insert, *columns, places)


async def update(connection: Connection, rows: Sequence[Execution]) -> None:
    """Write what may change of locked rows. Errors: one of code AT001 when a final state would change."""
    if rows:
        ordered = sorted(rows, key=lambda row: row.id)
        leased = [row.status in _LEASED and row.worker is not None for row in ordered]
        parameters, places = _parameters(ordered)
        columns = [parameters if name == "parameters" else _column(ordered, name) for name in _UPDATED]
        seen = connection.versions("execution", [row.id for row in ordered])
        await connection.later(_SQL.update, *columns, places, leased, seen)


async def insert_attempts(connection: Connection, attempts: Sequence[Attempt]) -> None:
    if attempts:
        names = [field.name for field in fields(Attempt)]
        await connection.execute(_SQL.insert_attempts, *(_column(attempts, name) for name in names))


async def start_over(connection: Connection, ids: Sequence[int]) -> None:
    """Keep the last attempt of final, locked rows, and count from there: `update` then puts them on the next."""
    if ids:
        await connection.execute(_SQL.start_over, list(ids))


async def failed_items(
    connection: Connection, of: tuple[int, str, int], first: int, until: int, limit: int
) -> list[tuple[int, str]]:
    """(index, status) of the items of (run, task, iteration) that did not succeed, from `first` to below `until`."""
    rows = await connection.fetch(_SQL.failed_items, *of, first, until, limit)
    return [(row["task_index"], row["status"]) for row in rows]


async def accept(connection: Connection, accepted: Sequence[tuple[int, str, str]], lease: float) -> list[Row]:
    """Mark (id, token, worker) as running for `lease` seconds; the rows that were, for the tokens that hold."""
    return await connection.fetch(_SQL.accept, *_columns(accepted, 3), lease)


async def begin_anew(connection: Connection, held: Sequence[tuple[int, str, str]]) -> None:
    """Let the time of attempts (id, token, worker) that run begin now."""
    if held:
        await connection.execute(_SQL.begin_anew, *_columns(held, 3))


async def current_tokens(connection: Connection, pairs: Sequence[tuple[int, str]]) -> set[str]:
    """Those of the (id, token) pairs that are an execution's current, unfinished attempt."""
    rows = await connection.fetch(_SQL.current_tokens, *_columns(pairs, 2))
    return {row["token"] for row in rows}


_INSERTED = (
    "id", "action_ref", "status", "attempt", "token", "parent", "root", "workflow_run", "task_name", "iteration",
    "task_index", "depth", "is_workflow", "max_retries", "timeout", "pool", "parameters", "result", "error",
    "cancel_requested", "identity", "rule_ref", "trigger_ref", "event", "trace_id", "pack_version", "started_at",
    "completed_at",
)  # fmt: skip
_UPDATED = (
    "id", "status", "attempt", "token", "tries", "losses", "is_workflow", "root", "timeout", "pack_version",
    "parameters", "result", "error", "cancel_requested", "worker", "started_at", "completed_at",
)  # fmt: skip
_JSON = frozenset({"result", "error"})


def _parameters(rows: Sequence[Execution]) -> tuple[list[Any], list[Any]]:
    """The columns of parameters and of the places of their secrets."""
    pairs = [(None, None) if row.parameters is None else encode(row.parameters) for row in rows]
    return jsons(json for json, _ in pairs), jsons(places or None for _, places in pairs)


def _column(rows: Sequence[Any], name: str) -> list[Any]:
    values = list(map(attrgetter(name), rows))
    return jsons(values) if name in _JSON else values


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(width)]
