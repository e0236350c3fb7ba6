"""Workers say what they hold: acceptances start leases, heartbeats renew them, stale holders are told to drop."""

from __future__ import annotations

from collections.abc import Iterable

from attune_common.contracts.execution import ExecutionAccepted, ExecutionCancel, ExecutionStatusChanged
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.store import executions, leases
from attune_common.store.connection import Row
from attune_common.store.leases import Seen
from attune_common.store.unit import Unit
from attune_executor.context import STALE, Context

_STALE_REASON = "this attempt was given to someone else or is over"


class Leases:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def accepted(self, messages: Iterable[ExecutionAccepted]) -> None:
        """Mark attempts as running; answer those that are not current with a drop."""
        taken = {(m.execution_id, m.token): m for m in messages}
        await self._context.store.retrying(lambda unit: self._accept(unit, list(taken.values())))

    async def _accept(self, unit: Unit, messages: list[ExecutionAccepted]) -> None:
        pairs = [(m.execution_id, m.token, m.worker) for m in messages]
        rows = await executions.accept(unit, pairs, self._context.settings.lease_seconds)
        for row in rows:
            unit.emit(_running(row))
            if row["cancel_requested"]:
                unit.emit(ExecutionCancel(execution_id=row["id"], token=row["token"]))
        done = {row["token"] for row in rows}
        rest = [(m.execution_id, m.token) for m in messages if m.token not in done]
        if rest:
            await _drop_stale(unit, rest)

    async def heartbeat(self, messages: Iterable[WorkerHeartbeat]) -> None:
        """Renew leases. The latest message of each worker counts."""
        latest = {message.worker: message for message in messages}
        await self._context.store.retrying(lambda unit: self._renew(unit, list(latest.values())))

    async def _renew(self, unit: Unit, workers: list[WorkerHeartbeat]) -> None:
        await leases.workers_seen(unit, [Seen(w.worker, tuple(w.pools), len(w.tokens), w.started_at) for w in workers])
        tokens = {token for worker in workers for token in worker.tokens}
        if not tokens:
            return
        rows = await leases.extend(unit, sorted(tokens), self._context.settings.lease_seconds)
        for row in rows:
            if row["cancel_requested"]:
                unit.emit(ExecutionCancel(execution_id=row["id"], token=row["token"]))
        unknown = await _unknown(unit, tokens - {row["token"] for row in rows})
        for token in sorted(unknown):
            unit.emit(ExecutionCancel(execution_id=0, token=token, reason=_STALE_REASON))
        STALE.labels("heartbeat").inc(len(unknown))


async def _unknown(unit: Unit, tokens: set[str]) -> set[str]:
    """Those that are no current attempt. One that was accepted between two statements is seen by the last."""
    if not tokens:
        return tokens
    waiting = tokens - await leases.touch(unit, sorted(tokens))
    return waiting - await leases.live(unit, sorted(waiting)) if waiting else waiting


async def _drop_stale(unit: Unit, pairs: list[tuple[int, str]]) -> None:
    current = await executions.current_tokens(unit, pairs)
    for id, token in pairs:
        if token not in current:
            STALE.labels("accepted").inc()
            unit.emit(ExecutionCancel(execution_id=id, token=token, reason=_STALE_REASON))


def _running(row: Row) -> ExecutionStatusChanged:
    return ExecutionStatusChanged(
        execution_id=row["id"],
        action_ref=row["action_ref"],
        status=row["status"],
        workflow_execution_id=row["workflow_run"],
        root_id=row["root"] or row["id"],
        task_name=row["task_name"],
        task_index=row["task_index"],
        attempt=row["attempt"],
    )
