"""What a decision makes is free when it is over: nothing of it is left for a search for cycles."""

from __future__ import annotations

import gc

from attune_core.definition.compile import compile_graph
from attune_core.definition.graph import Graph
from attune_core.model.outcome import Outcome
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow.signals import RunStarted, TaskFinished, TaskKey


def _graph() -> Graph:
    first = {
        "name": "first",
        "action": "core.noop",
        "input": {"n": "{{ vars.n }}", "host": "{{ kv.get('host', 'none') }}"},
        "publish": [{"n": "{{ task.first.result.n + 1 }}"}],
        "on_success": "each",
    }
    each = {"name": "each", "action": "core.noop", "with_items": "{{ range(3) | list }}", "input": {"n": "{{ item }}"}}
    return compile_graph({"ref": "test.garbage", "vars": {"n": 0}, "tasks": [first, each]})


def _play(run: MemoryRun) -> None:
    run.tell(RunStarted())
    run.tell(TaskFinished(TaskKey("first", 1), 1, Outcome.succeeded({"n": 1})))
    for index in range(3):
        run.tell(TaskFinished(TaskKey("each", 1, index), 1, Outcome.succeeded(index)))


def test_a_decision_leaves_no_circle_of_references() -> None:
    graph = _graph()
    _play(MemoryRun(graph, EPOCH))
    run = MemoryRun(graph, EPOCH)
    gc.collect()
    gc.disable()
    try:
        _play(run)
        left = gc.collect()
    finally:
        gc.enable()
    assert run.state.status.is_final
    assert left == 0
