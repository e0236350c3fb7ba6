"""The engine alone: what one decision costs as workflows and iterations grow. Prints JSON.

Usage: python -m bench.engine
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from attune_core.definition.compile import compile_graph
from attune_core.definition.graph import Graph
from attune_core.model.outcome import Outcome
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow.signals import RunStarted, TaskFinished, TaskKey

_DONE = Outcome.succeeded({"n": 1})


def sequence(length: int) -> Graph:
    """`length` tasks one after another, each with a templated input and a publish."""
    tasks: list[dict[str, Any]] = []
    for number in range(length):
        task: dict[str, Any] = {"name": f"t{number}", "action": "core.noop", "input": {"n": "{{ vars.n }}"}}
        task["publish"] = [{"n": f"{{{{ task.t{number}.result.n }}}}"}]
        if number + 1 < length:
            task["on_success"] = f"t{number + 1}"
        tasks.append(task)
    return compile_graph({"ref": "bench.sequence", "vars": {"n": 0}, "tasks": tasks})


def fan_out(items: int) -> Graph:
    each = {"name": "each", "action": "core.noop", "with_items": f"{{{{ range({items}) | list }}}}"}
    return compile_graph({"ref": "bench.fan_out", "tasks": [{**each, "input": {"n": "{{ item }}"}}]})


def per_task(length: int) -> float:
    """CPU microseconds per finished task."""
    run = MemoryRun(sequence(length), EPOCH)
    began = time.process_time()
    run.tell(RunStarted())
    for number in range(length):
        run.tell(TaskFinished(TaskKey(f"t{number}", 1), 1, _DONE))
    assert run.state.status.is_final
    return (time.process_time() - began) / length * 1e6


def per_item(items: int) -> float:
    """CPU microseconds per finished item, over the middle of the list (at most 2,000 of them)."""
    run = MemoryRun(fan_out(items), EPOCH)
    run.tell(RunStarted())
    first = min(items // 2, 50)
    for index in range(first):
        run.tell(TaskFinished(TaskKey("each", 1, index), 1, _DONE))
    count = min(items - first - 1, 2_000)
    began = time.process_time()
    for index in range(first, first + count):
        run.tell(TaskFinished(TaskKey("each", 1, index), 1, _DONE))
    return (time.process_time() - began) / count * 1e6


def medians(measure: Callable[[int], float], sizes: tuple[int, ...], runs: int = 5) -> dict[str, float]:
    return {str(size): round(statistics.median(measure(size) for _ in range(runs)), 1) for size in sizes}


def figures() -> dict[str, dict[str, float]]:
    return {
        "advance_us_per_task_in_a_sequence_of": medians(per_task, (10, 100, 1_000)),
        "advance_us_per_item_in_a_list_of": medians(per_item, (100, 10_000, 100_000)),
    }


def main() -> None:
    print(json.dumps(figures(), indent=2))


if __name__ == "__main__":
    main()
