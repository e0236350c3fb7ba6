"""The one door to running workflows: what arrived for any of them is taken, decided, performed and stored at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.runtime.clock import monotonic
from attune_common.store.timers import Timer
from attune_common.store.unit import Unit
from attune_executor.answers import Answered, take_answers
from attune_executor.batch import Batch
from attune_executor.caches import Known
from attune_executor.complete import take_completions
from attune_executor.context import BATCH, BATCH_TIME, Context
from attune_executor.decide import settle
from attune_executor.flush import flush
from attune_executor.isolation import Isolation
from attune_executor.load import lock_runs
from attune_executor.opening import opened
from attune_executor.order import Order, Turn
from attune_executor.signals import take_requests, take_timers
from attune_executor.telling import tell

MAX_BATCH = 1_000
"""More than a queue hands out at once: a batch of its messages is stored as one."""
_LOCKING = 20
"""After somebody else has changed what a batch had seen, so many batches lock their rows before they read them."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A run for which something was asked."""

    run: int


Input = ExecutionCompleted | Timer | Requested | Answered


class Workflows:
    """Takes inputs of all kinds; each batch is one transaction with one commit."""

    def __init__(self, context: Context, isolation: Isolation) -> None:
        self._context = context
        self._isolation = isolation
        self._order = Order()
        self._locking = 0

    async def take(self, inputs: Iterable[Input]) -> None:
        """Return when all inputs took effect, were found to be repeats, or became incidents."""
        waiting = list(inputs)
        for start in range(0, len(waiting), MAX_BATCH):
            batch = waiting[start : start + MAX_BATCH]
            async with self._order.of({run for entry in batch if (run := run_of(entry)) is not None}) as turn:
                await self._isolation.run(batch, subject_of, partial(self._transact, turn=turn))

    async def _transact(self, inputs: list[Input], turn: Turn) -> None:
        """Runs that another executor decides on just now come last: nobody else waits for them."""
        held = await self._taken(inputs, turn, patient=False)
        if held:
            await self._taken(held, turn, patient=True)

    async def _taken(self, inputs: list[Input], turn: Turn, *, patient: bool) -> list[Input]:
        """Those that were left: their run is held, and we are not patient."""
        began, tries, first = monotonic(), 0, turn.use()

        async def work(unit: Unit) -> tuple[Batch, list[Input]]:
            nonlocal tries
            tries += 1
            return await self._perform(unit, inputs, turn if first and tries == 1 else None, patient=patient)

        late = self._locking == 0 and all(isinstance(entry, ExecutionCompleted) for entry in inputs)
        if not (late and first):
            await turn.until_alone()
        batch, left = await self._context.store.retrying(work, late=late)
        if first and tries == 1:
            turn.stored()
        self._locking = _LOCKING if late and tries > 1 else max(0, self._locking - 1)
        remember(batch)
        BATCH.observe(len(inputs) - len(left))
        BATCH_TIME.observe(monotonic() - began)
        return left

    async def _perform(
        self, unit: Unit, inputs: list[Input], turn: Turn | None, *, patient: bool
    ) -> tuple[Batch, list[Input]]:
        wanted = {run for entry in inputs if (run := run_of(entry)) is not None}
        patient = patient or len(wanted) < 2 or unit.is_late
        told = {entry.execution_id for entry in inputs if isinstance(entry, ExecutionCompleted)}
        batch = await opened(unit, self._context, len(inputs), told, turn)
        await lock_runs(batch, wanted, patient=patient)
        held = set() if patient else wanted - batch.runs.keys()
        left = [entry for entry in inputs if run_of(entry) in held]
        inputs = [entry for entry in inputs if run_of(entry) not in held] if held else inputs
        await take_timers(batch, [entry for entry in inputs if isinstance(entry, Timer)])
        await take_requests(batch, [entry.run for entry in inputs if isinstance(entry, Requested)])
        await take_completions(batch, [entry for entry in inputs if isinstance(entry, ExecutionCompleted)])
        await take_answers(batch, [entry for entry in inputs if isinstance(entry, Answered)])
        await settle(batch)
        await flush(batch)
        if turn is not None:
            turn.decided({run.id: Known(run.context, run.state) for run in batch.runs.values()})
        return batch, left


def remember(batch: Batch) -> None:
    """After the commit: the states that the rows now have. What happened is told."""
    tell(batch)
    cache = batch.context.caches.runs
    batch.context.policies.notice(batch.written(), batch.places)
    if batch.timers:
        batch.context.timers_set.set()
    for run in batch.runs.values():
        if run.state.status.is_final:
            cache.drop(run.id)
        else:
            known = Known(run.context, run.state)
            cache.put(run.id, known, known.weight)


def subject_of(entry: Input) -> Hashable:
    """What an input belongs to: inputs of one subject stay together, others can be taken without it."""
    run = run_of(entry)
    if run is not None:
        return f"run:{run}"
    return f"execution:{entry.execution_id}" if isinstance(entry, ExecutionCompleted) else str(entry)


def run_of(entry: Input) -> int | None:
    """The run that has to be locked for an input. All of a batch are locked first, in id order."""
    match entry:
        case ExecutionCompleted():
            return entry.workflow_execution_id
        case Timer() | Requested() | Answered():
            return entry.run
        case _:
            assert_never(entry)
