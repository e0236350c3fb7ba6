"""Jobs that were lost on the way: nobody accepted them although a worker waits at an empty queue."""

from __future__ import annotations

from attune_common.bus import topology
from attune_common.bus.topology import DEFAULT_POOL
from attune_common.store import executions, leases
from attune_common.store.executions import Execution
from attune_common.store.unit import Unit
from attune_core.model.outcome import Outcome
from attune_executor import dispatch
from attune_executor.batch import Batch
from attune_executor.calm import Calm
from attune_executor.context import Context
from attune_executor.prepare import load_parameters
from attune_executor.reports import failed_report

_LONGEST_SAY = 5.0
_ROUNDS = 20
"""What was lost together is sent together: the next sweep finds the queue long and waits."""


class Resend:
    def __init__(self, context: Context, calm: Calm) -> None:
        self._context, self._calm = context, calm
        self._idle_since: dict[str, float] = {}

    async def all_jobs(self) -> int:
        """Send every job again that was on its way until now; how many. For when the bus has forgotten them."""
        began = self._calm.clock()
        async with self._context.store.connection() as connection:
            pools = await leases.unaccepted_pools(connection, 0.0, DEFAULT_POOL)
        total = 0
        while pools:
            found = await self._context.store.retrying(lambda unit: self._send(unit, pools, self._calm.clock() - began))
            total += found
            if found < leases.MOST_UNACCEPTED:
                break
        return total

    async def jobs(self) -> int:
        """Send such jobs again under a new token; how many. A queue that is only long is left alone.

        Errors: BusUnavailable.
        """
        patience = self._context.settings.dispatch_lost_seconds
        async with self._context.store.connection() as connection:
            pools = await leases.unaccepted_pools(connection, patience, DEFAULT_POOL)
        idle = await self._idle_for_long(pools)
        if not idle or not await self._calm.holds():
            return 0
        total = 0
        for _ in range(_ROUNDS):
            found = await self._context.store.retrying(lambda unit: self._send(unit, idle, patience))
            total += found
            if found < leases.MOST_UNACCEPTED:
                break
        return total

    async def _idle_for_long(self, pools: list[str]) -> list[str]:
        """Where the queue has been empty for so long that a worker that has taken the last of it has said so."""
        now, patience = self._calm.clock(), min(_LONGEST_SAY, self._context.settings.dispatch_lost_seconds / 2)
        since = {pool: self._idle_since.get(pool, now) for pool in pools if await self._idle(pool)}
        self._idle_since = since
        return [pool for pool, moment in since.items() if now - moment >= patience]

    async def _idle(self, pool: str) -> bool:
        """Seen twice, so that a message between two states is not missed."""
        queue = topology.worker(pool, 1).queue
        for _ in range(2):
            ready, consumers = await self._context.bus.depth(queue)
            if ready > 0 or consumers == 0:
                return False
        return True

    async def _send(self, unit: Unit, pools: list[str], age: float) -> int:
        ids = await leases.unaccepted(unit, age, DEFAULT_POOL, pools)
        if not ids:
            return 0
        batch = Batch(unit, self._context, await unit.now())
        batch.hold(await executions.lock(unit, ids))
        rows = [row for id in ids if (row := batch.row(id)) is not None]
        await dispatch.resolve(batch, {dispatch.pinned(row) for row in rows})
        await load_parameters(batch, rows)
        for row in rows:
            _send_one(batch, row)
        await batch.write_rows()
        return len(rows)


def _send_one(batch: Batch, row: Execution) -> None:
    """What cannot run any more is told as a failure, as a worker would: it would wait for ever."""
    action = dispatch.action_of(batch, row)
    if isinstance(action, Outcome):
        batch.emit(failed_report(row, action))
    else:
        dispatch.send(batch, row, action)
