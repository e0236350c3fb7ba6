"""A fault of the engine ends its run and leaves nothing behind."""

from __future__ import annotations

import pytest

from attune_core.definition.compile import compile_graph
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow import advance, signals
from attune_core.workflow.commands import CancelAction, FinishExecution, FinishRun, RunAction
from attune_core.workflow.signals import TaskFinished, TaskKey

TASKS = [
    {"name": "a", "action": "test.a", "on_success": "c"},
    {"name": "b", "action": "test.a"},
    {"name": "c", "action": "test.a"},
]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> MemoryRun:
    """A run whose decision on the end of `a` has failed."""
    run = MemoryRun(compile_graph({"ref": "test.broken", "tasks": TASKS}), EPOCH)
    run.tell(signals.RunStarted())
    with monkeypatch.context() as patched:
        patched.setattr(advance, "settle", _fault)
        run.tell(TaskFinished(TaskKey("a", 1), 1, Outcome.succeeded()))
    return run


def _fault(draft: object) -> None:
    raise RuntimeError("what nobody thought of")


def test_the_run_fails_and_what_runs_is_stopped(broken: MemoryRun) -> None:
    finished, stopped, ended = broken.commands[-3:]
    assert isinstance(finished, FinishExecution)
    assert finished.key == TaskKey("a", 1)
    assert stopped == CancelAction(TaskKey("b", 1))
    assert isinstance(ended, FinishRun)
    assert ended.error == {"type": "engine_error", "message": "RuntimeError: what nobody thought of"}
    assert (broken.state.status, broken.state.live, broken.state.ready) == (ExecutionStatus.FAILED, 0, ())


def test_a_report_that_comes_later_ends_its_execution_alone(broken: MemoryRun) -> None:
    commands = broken.tell(TaskFinished(TaskKey("b", 1), 1, Outcome.failed("boom", "late")))
    assert [type(each) for each in commands] == [FinishExecution]


def test_a_retry_begins_anew_what_was_not_done(broken: MemoryRun) -> None:
    commands = broken.tell(signals.RetryRequested())
    assert [each.key.task for each in commands if isinstance(each, RunAction)] == ["a", "b"]
