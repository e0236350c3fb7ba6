"""Random workflows for property tests and the simulator: graphs, joins, loops, iterations, retries, dependencies."""

from __future__ import annotations

from random import Random
from typing import Any


def random_workflow(dice: Random, *, loops: bool = True, size: int = 8) -> dict[str, Any]:
    """A definition without `ref` that the checker accepts: `entry` reaches every other task."""
    names = [f"t{number}" for number in range(dice.randint(1, size))]
    tasks = [_task(dice, names, position, loops) for position in range(len(names))]
    workflow: dict[str, Any] = {"vars": {"n": 0, "log": []}, "tasks": [_entry(names), *tasks]}
    workflow["max_iterations"] = dice.choice([30, 60])
    if dice.random() < 0.2:
        workflow["on_unhandled_failure"] = "continue"
    if dice.random() < 0.2:
        workflow["timeout"] = dice.choice([5, 50, 500])
    if dice.random() < 0.2:
        workflow["cancellation_policy"] = "allow_finish"
    return workflow


def _entry(names: list[str]) -> dict[str, Any]:
    return {"name": "entry", "on_success": names[:1]}


def _task(dice: Random, names: list[str], position: int, loops: bool) -> dict[str, Any]:
    task: dict[str, Any] = {"name": names[position]}
    if dice.random() < 0.85:
        task["action"] = "test.work"
        task["input"] = {"n": "{{ vars.n }}"}
        _shape(dice, task)
    _routes(dice, task, names, position, loops)
    if dice.random() < 0.3:
        task["publish"] = [{"n": "{{ vars.n + 1 }}"}]
    if dice.random() < 0.1:
        task["when"] = dice.choice(["{{ vars.n < 3 }}", "{{ false }}", "{{ parameters.missing }}"])
    return task


def _shape(dice: Random, task: dict[str, Any]) -> None:
    if dice.random() < 0.3:
        task["with_items"] = f"{{{{ range({dice.choice([0, 1, 3, 7])}) | list }}}}"
        task["concurrency"] = dice.choice([1, 2, 10])
        if dice.random() < 0.4:
            task["tolerate"] = {"count": dice.choice([1, 2])}
    if dice.random() < 0.4:
        backoff = dice.choice(["constant", "linear", "exponential"])
        task["retry"] = {"count": dice.choice([1, 2]), "delay": dice.choice([0, 1, 10]), "backoff": backoff}
    if dice.random() < 0.1:
        task["delay"] = dice.choice([1, 5])


def _routes(dice: Random, task: dict[str, Any], names: list[str], position: int, loops: bool) -> None:
    """The next task always follows, so that every task can be reached; others are thrown in."""
    following = names[position + 1 : position + 2]
    ahead = names[position + 1 :]
    extra = [name for name in ahead if dice.random() < 0.2]
    if following:
        task["on_success"] = sorted({*following, *extra})
    if dice.random() < 0.5:
        task["on_failure"] = dice.choice([*ahead, "noop", "fail", "complete"])
    if loops and position > 0 and dice.random() < 0.15:
        task["next"] = [{"when": "{{ succeeded() and vars.n < 4 }}", "do": [names[dice.randrange(position)]]}]


def add_joins(dice: Random, workflow: dict[str, Any]) -> None:
    """Let some tasks with several sources join them."""
    sources: dict[str, int] = {}
    for task in workflow["tasks"]:
        for target in task.get("on_success", []):
            sources[target] = sources.get(target, 0) + 1
    for task in workflow["tasks"]:
        if sources.get(task["name"], 0) > 1 and dice.random() < 0.5:
            task["join"] = dice.choice(["all", 1, 2])
