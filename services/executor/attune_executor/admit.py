"""Lets executions pass the limits of policies, in turn. Any executor does it; the policies' rows are the lock.

Those that pass their last limit are dispatched in the same transaction that counts who runs. When their predecessors
end, however they end, their places count no more; whoever commits that end looks here at once, and a sweep looks
everywhere every second.
"""

from __future__ import annotations

import asyncio
import contextlib

from attune_common.store import executions, turns
from attune_common.store.executions import Execution
from attune_common.store.turns import Bucket
from attune_common.store.unit import Unit
from attune_core.model.outcome import Outcome
from attune_core.policies.admission import soonest
from attune_executor import dispatch
from attune_executor.batch import Batch
from attune_executor.context import Context
from attune_executor.passing import Passing, decide, uses
from attune_executor.prepare import load_parameters
from attune_executor.reports import failed_report
from attune_executor.workflows import Workflows

_AT_ONCE = 50
_BUCKETS = 1_000
_SKIPPED = 0.02
_LEAST = 0.005
_ASTRAY = 10.0
_ROUNDS = 10
_FIRST: Bucket = (0, "", "")


class Admit:
    def __init__(self, context: Context, workflows: Workflows) -> None:
        self._context, self._workflows = context, workflows
        self._pause: float | None = None
        self._cursor = _FIRST
        self._round = 0

    async def run(self) -> None:
        """Until cancelled. Errors: those of the database, for the caller to wait and run it again."""
        while True:
            has_news = await self._sleep()
            ended, buckets = self._context.policies.collected()
            if not has_news:
                buckets |= await self._everywhere()
            self._pause = None
            await self.consider(buckets, ended)

    async def sweep(self) -> int:
        """Wherever somebody waits; how many have started."""
        async with self._context.store.connection() as connection:
            await self._context.policies.renew(connection)
        buckets = await self._everywhere()
        if buckets or self._context.policies.limited:
            await self._context.store.retrying(turns.tidy)
        return await self._astray() + await self.consider(buckets, set())

    async def consider(self, buckets: set[Bucket], ended: set[int]) -> int:
        """Let pass who can, until nobody can; how many have started. `ended`: who gives room."""
        started = 0
        while buckets or ended:
            taken, left = _some(buckets)
            passing = await self._passing(taken, ended)
            self._pause = soonest([self._pause, *passing.pauses])
            await self._workflows.take(passing.reports)
            if passing.skipped:
                await asyncio.sleep(_SKIPPED)
            buckets, ended = left | passing.again | passing.skipped, set()
            started += passing.started
        return started

    async def _passing(self, buckets: set[Bucket], ended: set[int]) -> Passing:
        return await self._context.store.retrying(lambda unit: self._transact(unit, buckets, ended))

    async def _transact(self, unit: Unit, buckets: set[Bucket], ended: set[int]) -> Passing:
        if ended:
            buckets = buckets | await turns.given_back(unit, ended)
        if not buckets:
            return Passing()
        passing = await decide(unit, buckets)
        await self._pass(unit, passing)
        return passing

    async def _pass(self, unit: Unit, passing: Passing) -> None:
        """Those at their last limit start, the others step on to the next."""
        last = {each.execution: each.bucket for each in passing.passed if each.is_last}
        taken = await self._start(unit, list(last))
        passing.skipped |= {bucket for execution, bucket in last.items() if execution not in taken}
        gone = [each for each in passing.passed if not each.is_last or each.execution in taken]
        await turns.hold(unit, [(each.execution, each.bucket) for each in gone])
        await turns.note_use(unit, uses(gone))
        passing.again |= await turns.step_on(unit, [each.execution for each in gone if not each.is_last])
        passing.started = len(taken)

    async def _start(self, unit: Unit, waiting: list[int]) -> set[int]:
        """Dispatch those that nobody else has in hand; which ones. What cannot run any more is told as a failure."""
        if not waiting:
            return set()
        batch = Batch(unit, self._context, await unit.now())
        batch.hold(await executions.lock(unit, await turns.lock(unit, waiting)))
        rows = [row for id in waiting if (row := batch.row(id)) is not None]
        await dispatch.resolve(batch, {dispatch.pinned(row) for row in rows})
        await load_parameters(batch, rows)
        for row in rows:
            _dispatch(batch, row)
        await batch.write_rows()
        return {row.id for row in rows}

    async def _astray(self) -> int:
        """Who waits and stands in no line: there should be none, so that it is looked for now and then."""
        self._round = (self._round + 1) % _ROUNDS
        if self._round:
            return 0
        async with self._context.store.connection() as connection:
            found = await turns.astray(connection, _ASTRAY)
        if not found:
            return 0
        return len(await self._context.store.retrying(lambda unit: self._start(unit, found)))

    async def _everywhere(self) -> set[Bucket]:
        """Where somebody waits; of very many a part, the next time the following."""
        async with self._context.store.connection() as connection:
            found = await turns.buckets(connection, self._cursor, _BUCKETS)
        self._cursor = found[-1] if len(found) == _BUCKETS else _FIRST
        return set(found)

    async def _sleep(self) -> bool:
        """Whether there is news; False when the time is up at which something changes by itself."""
        seconds = None if self._pause is None else max(_LEAST, self._pause)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._context.policies.news.wait()
            return True
        return False


def _dispatch(batch: Batch, row: Execution) -> None:
    action = dispatch.action_of(batch, row)
    if isinstance(action, Outcome):
        batch.emit(failed_report(row, action))
    else:
        dispatch.send(batch, row, action)


def _some(buckets: set[Bucket]) -> tuple[set[Bucket], set[Bucket]]:
    ordered = sorted(buckets)
    return set(ordered[:_AT_ONCE]), set(ordered[_AT_ONCE:])
