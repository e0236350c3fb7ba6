"""Signals become decisions, and decisions rows, until no run of the batch has anything left to be told."""

from __future__ import annotations

from collections.abc import Mapping

from attune_common.runtime.clock import monotonic
from attune_common.store.journal import Entry
from attune_core.expressions.scope import MISSING, FactsMissing
from attune_core.model.moments import iso
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.advance import advance
from attune_core.workflow.commands import Command, FinishExecution
from attune_core.workflow.facts import Facts
from attune_core.workflow.journal import command_to_json, signal_to_json
from attune_core.workflow.signals import LimitReached, RunStarted, Signal, TaskFinished
from attune_executor import announce, facts
from attune_executor.batch import Batch, RunInHand
from attune_executor.context import DECIDING
from attune_executor.perform import perform
from attune_executor.prepare import prepare

_MAX_VISITS = 2_000


async def settle(batch: Batch) -> None:
    """Tell every run its signals, perform what it asks for, and what follows from that, too."""
    while told := [run for run in batch.runs.values() if run.signals]:
        await facts.predict(batch, told)
        await _decide_all(batch, told)
        await prepare(batch, told)
        for run in told:
            perform(batch, run)


async def _decide_all(batch: Batch, told: list[RunInHand]) -> None:
    for _ in range(_MAX_VISITS):
        missing = [(run, wanted) for run in told if (wanted := _decide(batch, run)) is not None]
        if not missing:
            return
        await facts.fetch(batch, missing)
        told = [run for run, _ in missing]
    raise RuntimeError(f"decisions of runs {sorted(run.id for run in told)} still miss facts")


def _decide(batch: Batch, run: RunInHand) -> FactsMissing | None:
    """Take the run's signals in order; the signal that needs facts first stays, with what it needs."""
    while run.signals:
        signal = run.signals[0]
        run.book.note_signal(signal)
        known = facts.facts_for(batch, run)
        began = monotonic()
        try:
            decision = advance(run.graph, run.state, signal, known)
        except FactsMissing as missing:
            return missing
        finally:
            DECIDING.observe(monotonic() - began)
        run.signals.popleft()
        if decision.accepted:
            run.state = decision.state
            run.commands.extend(decision.commands)
            run.entries.append(_entry(run, signal, decision.commands, known))
            if isinstance(signal, RunStarted):
                announce.run_started(batch, run)
            _watch_length(batch, run)
        elif isinstance(signal, TaskFinished):
            run.commands.append(FinishExecution(signal.key, signal.outcome))
    return None


def _watch_length(batch: Batch, run: RunInHand) -> None:
    """As a signal of its own, so that the journal tells why it ends."""
    limit = batch.context.settings.limits.journal_events
    ends = run.state.status.is_final or run.state.status is ExecutionStatus.CANCELING
    if run.state.lines >= limit and not ends:
        run.tell(LimitReached(limit))


def _entry(run: RunInHand, signal: Signal, commands: tuple[Command, ...], known: Facts) -> Entry:
    return Entry(
        run=run.id,
        revision=run.state.revision,
        signal=signal_to_json(signal),
        commands=[command_to_json(command) for command in commands],
        facts={"now": iso(known.now), **_kv(known.kv), **_secrets(known.secrets)},
    )


def _kv(values: Mapping[str, object]) -> dict[str, object]:
    """Only what exists: a key that is absent in the journal did not exist at that time."""
    found = {key: value for key, value in values.items() if value is not MISSING}
    return {"kv": found} if found else {}


def _secrets(usable: Mapping[str, str | None]) -> dict[str, object]:
    """Which secrets the run was allowed to use, by name; never what they are."""
    return {"secrets": dict(usable)} if usable else {}
