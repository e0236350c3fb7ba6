"""Properties of the engine over random definitions, orders and outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest

from attune_core.definition.compile import compile_graph
from attune_core.definition.graph import Graph
from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow import signals
from attune_core.workflow.codec import run_from_json, run_to_json, task_to_json
from attune_core.workflow.commands import (
    CancelAction,
    Command,
    Dispatch,
    FinishExecution,
    FinishRun,
    RetryAction,
    RunAction,
    SetTimer,
)
from attune_core.workflow.signals import Signal, TaskFinished, TaskKey, TaskResumed, TimerFired
from attune_core.workflow.state import Phase
from tests.unit.core.definitions import add_joins, random_workflow

SEEDS = range(300)
_GOOD = (OutcomeStatus.SUCCEEDED, OutcomeStatus.SKIPPED)


@dataclass
class Play:
    """A run driven in random order; `bag` holds the signals that may come next."""

    run: MemoryRun
    dice: Random
    failing: float = 0.25
    bag: list[Signal] = field(default_factory=list)
    attempts: dict[TaskKey, int] = field(default_factory=dict)
    told: list[Signal] = field(default_factory=list)
    finished: int = 0
    begun: set[TaskKey] = field(default_factory=set)
    done: set[TaskKey] = field(default_factory=set)

    def go(self) -> None:
        self.tell(signals.RunStarted())
        while self.bag:
            self.tell(self.bag.pop(self.dice.randrange(len(self.bag))))
            assert len(self.told) < 5000

    def tell(self, signal: Signal) -> None:
        self.run.pass_time(1)
        self.told.append(signal)
        for command in self.run.tell(signal):
            self.perform(command)
        self.check()

    def perform(self, command: Command) -> None:
        match command:
            case RunAction():
                assert command.key not in self.begun | self.done
                assert (command.again is not None) is (command.key in self.attempts)
                self.begun.add(command.key)
                self.attempts[command.key] = 1
                if command.delay == 0:
                    self.launch(command.key, 1)
            case RetryAction():
                self.attempts[command.key] = command.attempt
                if not command.waits:
                    self.launch(command.key, command.attempt)
            case Dispatch():
                self.launch(command.key, command.attempt)
            case SetTimer():
                self.bag.append(TimerFired(command.kind, command.key, command.attempt))
            case CancelAction():
                self.cancel(command.key)
            case FinishRun():
                self.finished += 1
            case _:
                pass

    def to_the_end(self) -> None:
        """Timers that are held go on when nothing else can happen."""
        steps = 0
        while self.bag and not self.run.state.status.is_final:
            steps += 1
            assert steps < 5000
            self.tell(self.bag.pop(self.dice.randrange(len(self.bag))))
            if all(isinstance(each, TimerFired) for each in self.bag):
                self.bag.append(signals.ResumeRequested())

    def launch(self, key: TaskKey, attempt: int) -> None:
        roll = self.dice.random()
        if roll < self.failing:
            outcome = Outcome.failed("boom", "scripted")
        elif roll < self.failing + 0.05:
            outcome = Outcome(OutcomeStatus.TIMED_OUT, error={"type": "timeout", "message": "slow"})
        else:
            outcome = Outcome.succeeded({"n": roll})
        self.bag.append(TaskFinished(key, attempt, outcome))

    def cancel(self, key: TaskKey) -> None:
        """What runs may still win the race against its cancel; what waits is cancelled."""
        running = {each.key for each in self.bag if isinstance(each, TaskFinished)}
        for each, attempt in self.attempts.items():
            mine = (each.task, each.iteration) == (key.task, key.iteration)
            if mine and each not in running and each not in self.run.ended:
                self.tell(TaskResumed(each))
                error = {"type": "cancelled", "message": "cancelled"}
                self.bag.append(TaskFinished(each, attempt, Outcome(OutcomeStatus.CANCELLED, error=error)))

    def check(self) -> None:
        state = self.run.state
        current = [task.current for task in state.tasks.values() if task.current]
        assert state.live == sum(1 for each in current if each.phase is not Phase.READY)
        for each in current:
            if each.items is not None:
                counts = each.items
                assert 0 <= counts.waiting <= counts.live <= counts.limit
                done = counts.succeeded + counts.failed + counts.timed_out + counts.cancelled + counts.skipped
                assert counts.next == counts.live + done
                assert 0 <= counts.redo <= counts.failures
        for name, task in state.tasks.items():
            retry = self.run.graph.tasks[name].retry
            if task.current:
                assert task.current.attempt <= 1 + (retry.count if retry else 0)
        assert state.activations <= self.run.graph.max_iterations


def _graph(seed: int, *, loops: bool = True, joins: bool = True) -> Graph:
    dice = Random(seed)
    workflow = random_workflow(dice, loops=loops)
    if joins:
        add_joins(dice, workflow)
    return compile_graph({"ref": "test.random", **workflow})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_ends_exactly_once_whatever_the_order(seed: int) -> None:
    play = Play(MemoryRun(_graph(seed), EPOCH), Random(seed + 1))
    play.go()
    assert play.run.state.status.is_final
    assert play.finished == 1
    assert play.run.state.live == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_under_control_ends_exactly_once(seed: int) -> None:
    play = Play(MemoryRun(_graph(seed), EPOCH), Random(seed + 2))
    play.bag += [signals.PauseRequested(), signals.ResumeRequested(), signals.ResumeRequested()]
    if seed % 2:
        play.bag.append(signals.CancelRequested())
    play.tell(signals.RunStarted())
    steps = 0
    while play.bag and steps < 5000:
        steps += 1
        play.tell(play.bag.pop(play.dice.randrange(len(play.bag))))
        if all(isinstance(each, TimerFired) for each in play.bag) and not play.run.state.status.is_final:
            play.bag.append(signals.ResumeRequested())
    assert play.run.state.status.is_final
    assert play.finished == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_is_tried_again_ends_once_in_every_try(seed: int) -> None:
    """Also when it is cancelled and paused in between; what succeeded is not run again within its pass."""
    play = Play(MemoryRun(_graph(seed), EPOCH), Random(seed + 4))
    play.tell(signals.RunStarted())
    for tries in range(1, 4):
        if seed % 3 == 0:
            play.bag.append(signals.CancelRequested())
        play.bag += [signals.PauseRequested(), signals.ResumeRequested()]
        play.to_the_end()
        assert play.run.state.status.is_final
        assert (play.finished, play.run.state.tries) == (tries, tries)
        done = {key for key, outcome in play.run.ended.items() if outcome.status in _GOOD}
        play.bag.clear()
        play.begun.clear()
        keep = play.dice.random() < 0.7
        play.tell(signals.RetryRequested((), reset_items=not keep))
        if play.run.state.tries == tries:
            return
        play.done = done


@pytest.mark.parametrize("seed", SEEDS)
def test_order_independent_workflows_end_alike_for_every_order(seed: int) -> None:
    """Without failures, loops and joins of some, only the order of equal passes may differ."""
    graph = _graph(seed, loops=False, joins=False)
    ends = set()
    for order in range(4):
        play = Play(MemoryRun(graph, EPOCH), Random(order), failing=-1.0)
        play.go()
        passes = tuple(sorted((name, task.activations) for name, task in play.run.state.tasks.items()))
        ends.add((play.run.state.status, passes, play.run.state.vars["n"]))
        limited = (play.run.state.failure or {}).get("type") == "iteration_limit"
        if limited or graph.timeout is not None or any(task.when for task in graph.tasks.values()):
            return
    assert len(ends) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_replaying_the_signals_gives_the_state(seed: int) -> None:
    play = Play(MemoryRun(_graph(seed), EPOCH), Random(seed + 3))
    play.go()
    again = MemoryRun(play.run.graph, EPOCH)
    for signal in play.told:
        again.pass_time(1)
        again.tell(signal)
    assert again.state == play.run.state


@pytest.mark.parametrize("seed", SEEDS)
def test_the_codec_round_trips_every_state(seed: int) -> None:
    play = Play(MemoryRun(_graph(seed), EPOCH), Random(seed + 4))
    play.tell(signals.RunStarted())
    while play.bag:
        state = play.run.state
        play.run.state = run_from_json(
            run_to_json(state),
            status=state.status,
            revision=state.revision,
            tries=state.tries,
            variables=state.vars,
            tasks={name: task_to_json(task) for name, task in state.tasks.items()},
        )
        assert play.run.state == state
        play.tell(play.bag.pop(play.dice.randrange(len(play.bag))))


def test_executions_are_finished_once_each() -> None:
    for seed in range(100):
        play = Play(MemoryRun(_graph(seed), EPOCH), Random(seed))
        play.go()
        finished = [each.key for each in play.run.commands if isinstance(each, FinishExecution)]
        assert len(finished) == len(set(finished))
