"""What clients ask of executions and runs, stored for the executor: start, cancel, pause, resume, retry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries, secrets
from attune_common.store.connection import Connection, Row
from attune_common.store.secrets import Owned
from attune_common.vault.envelope import Sealed
from attune_core.expressions.markers import encode

_SQL = queries.load("requests")


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """An execution to store as requested. `digest` is that of the request, for its idempotency key.

    `sealed`: what the secrets in the parameters stand for.
    """

    action_ref: str
    is_workflow: bool
    parameters: Mapping[str, Any]
    identity: int | None
    trace_id: str
    idempotency_key: str | None = None
    digest: str = ""
    sealed: Sequence[Sealed] = ()


async def insert(unit: Connection, request: ExecutionRow) -> int | None:
    """The id; None when the identity has used this idempotency key before."""
    parameters, places = encode(dict(request.parameters))
    stored: int | None = await unit.fetchval(
        _SQL.insert, request.action_ref, request.is_workflow, parameters, request.identity, request.trace_id,
        request.idempotency_key, request.digest, places or None,
    )  # fmt: skip
    if stored is not None:
        await secrets.insert(unit, [Owned(one, execution=stored) for one in request.sealed])
    return stored


async def by_idempotency_key(connection: Connection, identity: int | None, key: str) -> Row | None:
    """The execution (id, request_digest) that was asked for with this key."""
    return await connection.fetchrow(_SQL.by_idempotency_key, identity, key)


async def secret_parameters(connection: Connection, execution: int) -> Row | None:
    """The stored parameters and the places of their secrets."""
    return await connection.fetchrow(_SQL.secret_parameters, execution)


async def lock_execution(unit: Connection, execution: int) -> Row | None:
    return await unit.fetchrow(_SQL.lock_execution, execution)


async def latest_run(connection: Connection, execution: int) -> Row | None:
    """The newest run (id, status) of a workflow's execution."""
    return await connection.fetchrow(_SQL.latest_run, execution)


async def run(connection: Connection, run_id: int) -> Row | None:
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
