"""What is fetched ahead: enough for the decision, and nothing that it will not look at."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.definition.compile import compile_graph
from attune_core.expressions.scope import FactsMissing
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow.advance import advance
from attune_core.workflow.facts import Facts
from attune_core.workflow.needs import predict
from attune_core.workflow.signals import RunStarted, TaskFinished, TaskKey, TimerFired, TimerKind
from attune_core.workflow.state import RunState

GRAPH = compile_graph(
    {
        "ref": "test.needs",
        "tasks": [
            {"name": "one", "action": "t.a", "on_success": "each"},
            {
                "name": "each",
                "action": "t.a",
                "with_items": "{{ range(4) | list }}",
                "concurrency": 2,
                "input": {"n": "{{ kv.get('now') }}"},
                "on_success": "last",
            },
            {"name": "last", "action": "t.a", "input": {"n": "{{ task.one.result }}", "k": "{{ kv.get('end') }}"}},
        ],
    }
)


def finished(*indices: int) -> list[TaskFinished]:
    return [TaskFinished(TaskKey("each", 1, index), 1, Outcome.succeeded()) for index in indices]


@pytest.mark.parametrize(
    ("done", "together", "tasks", "keys"),
    [
        ([], [0], set(), {"now"}),
        ([], [0, 1], set(), {"now"}),
        ([0, 1], [2], set(), {"now"}),
        ([0, 1], [2, 3], {("one", 1)}, {"now", "end"}),
        ([0, 1, 2], [3], {("one", 1)}, {"now", "end"}),
    ],
)
def test_what_follows_an_iteration_is_read_when_it_ends(
    done: list[int], together: list[int], tasks: set[tuple[str, int]], keys: set[str]
) -> None:
    run = MemoryRun(GRAPH, EPOCH, kv={"now": 1, "end": 2})
    run.tell(RunStarted())
    run.tell(TaskFinished(TaskKey("one", 1), 1, Outcome.succeeded(1)))
    for signal in finished(*done):
        run.tell(signal)
    needs = predict(GRAPH, run.state, finished(*together))
    assert (set(needs.tasks), set(needs.kv)) == (tasks, keys)


_ITEMS = [{"name": "e", "action": "t.a", "with_items": list(range(50)), "input": {"n": "{{ kv.get('k' ~ item, 0) }}"}}]
_TASKS = [{"name": f"t{n}", "action": "t.a", "when": f"{{{{ kv.get(vars.k ~ {n}, 1) }}}}"} for n in range(50)]


@pytest.mark.parametrize("tasks", [_ITEMS, _TASKS], ids=["items", "tasks"])
def test_what_many_lack_is_asked_for_at_once(tasks: list[dict[str, Any]]) -> None:
    graph = compile_graph({"ref": "t.many", "vars": {"k": "k"}, "tasks": tasks})
    with pytest.raises(FactsMissing) as lacking:
        advance(graph, RunState(), RunStarted(), Facts(EPOCH))
    assert len(lacking.value.kv) == 50


def test_dear_templates_of_one_moment_end_the_run_and_not_the_executor() -> None:
    dear = "{{ range(50000) | map('string') | list | length }}"
    tasks = [{"name": "t", "action": "t.a"}]
    graph = compile_graph({"ref": "t.dear", "vars": {f"v{n}": dear for n in range(1_000)}, "tasks": tasks})
    decision = advance(graph, RunState(), RunStarted(), Facts(EPOCH))
    assert decision.state.status is ExecutionStatus.FAILED
    assert decision.state.failure is not None
    assert decision.state.failure["type"] == "vars_error"


LONG = compile_graph(
    {
        "ref": "t.long",
        "tasks": [{"name": "each", "action": "t.a", "with_items": "{{ range(2000) | list }}", "concurrency": 1200}],
    }
)
_GO_ON = TimerFired(TimerKind.REFILL, TaskKey("each", 1))


def test_a_decision_that_goes_on_with_a_list_has_all_its_items_at_once() -> None:
    run = MemoryRun(LONG, EPOCH)
    run.tell(RunStarted())
    assert predict(LONG, run.state, [_GO_ON]).items == {("each", 1, 500, 500)}
    with pytest.raises(FactsMissing) as lacking:
        advance(LONG, run.state, _GO_ON, Facts(EPOCH))
    assert lacking.value.items == {("each", 1, 500, 500)}


def test_of_a_full_window_as_many_items_are_read_ahead_as_have_ended_and_some() -> None:
    run = MemoryRun(LONG, EPOCH)
    for signal in (RunStarted(), _GO_ON, _GO_ON):
        run.tell(signal)
    assert predict(LONG, run.state, finished(*range(300))).items == {("each", 1, 1200, 400)}
    assert predict(LONG, run.state, finished(*range(900))).items == {("each", 1, 1200, 800)}
