"""Workers say what they hold: acceptances start leases, heartbeats renew them, stale holders are told to drop."""

from __future__ import annotations

from collections.abc import Iterable

from attune_common.contracts.execution import ExecutionAccepted, ExecutionCancel
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
        done = await self._begin(unit, [(m.execution_id, m.token, m.worker) for m in messages])
        anew = [(m.execution_id, m.token, m.worker) for m in messages if m.begins_now and m.token not in done]
        await executions.begin_anew(unit, anew)
        rest = [(m.execution_id, m.token) for m in messages if m.token not in done]
        if rest:
            await _drop_stale(unit, rest)

    async def _begin(self, unit: Unit, accepted: list[tuple[int, str, str]]) -> set[str]:
        """Leases for (id, token, worker); the tokens that got one."""
        rows = await executions.accept(unit, accepted, self._context.settings.lease_seconds)
        for row in rows:
            unit.emit(leases.running(row))
            _cancel_again(unit, row)
        return {row["token"] for row in rows}

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
            _cancel_again(unit, row)
        unknown = await self._unknown(unit, workers, tokens - {row["token"] for row in rows})
        for token in sorted(unknown):
            unit.emit(ExecutionCancel(execution_id=0, token=token, reason=_STALE_REASON))
        STALE.labels("heartbeat").inc(len(unknown))

    async def _unknown(self, unit: Unit, workers: list[WorkerHeartbeat], tokens: set[str]) -> set[str]:
        """Those that are no current attempt. A heartbeat is as good as an acceptance that was lost; one that was
        taken between two statements is seen by the last."""
        if not tokens:
            return tokens
        holders = {token: worker.worker for worker in workers for token in worker.tokens}
        held = await leases.held(unit, sorted(tokens))
        begun = await self._begin(unit, [(id, token, holders[token]) for id, token in held]) if held else set()
        left = tokens - begun
        return left - await leases.live(unit, sorted(left)) if left else left


def _cancel_again(unit: Unit, row: Row) -> None:
    """The worker may not have heard of it."""
    if row["cancel_requested"]:
        unit.emit(ExecutionCancel(execution_id=row["id"], token=row["token"]))


async def _drop_stale(unit: Unit, pairs: list[tuple[int, str]]) -> None:
    current = await executions.current_tokens(unit, pairs)
    for id, token in pairs:
        if token not in current:
            STALE.labels("accepted").inc()
            unit.emit(ExecutionCancel(execution_id=id, token=token, reason=_STALE_REASON))
