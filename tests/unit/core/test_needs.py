"""What is fetched ahead: enough for the decision, and nothing that it will not look at."""

from __future__ import annotations

import pytest

from attune_core.definition.compile import compile_graph
from attune_core.model.outcome import Outcome
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow.needs import predict
from attune_core.workflow.signals import RunStarted, TaskFinished, TaskKey

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
