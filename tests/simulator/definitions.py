"""Random workflows: those of the engine's properties, with subworkflows, blocks, dependencies, timeouts, inquiries;
and such that end alike in whatever order things happen."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.unit.core.definitions import add_joins, random_workflow

Definition = dict[str, Any]


def any_workflow(dice: Random, ref: str, children: Sequence[str], size: int) -> Definition:
    """`children`: refs of workflows that its tasks may run."""
    return _workflow(dice, ref, children, size, 0.1)


def asking_workflow(dice: Random, ref: str, children: Sequence[str], size: int) -> Definition:
    """The same with many questions to people."""
    return _workflow(dice, ref, children, size, 0.35)


def _workflow(dice: Random, ref: str, children: Sequence[str], size: int, asking: float) -> Definition:
    workflow = random_workflow(dice, size=size)
    add_joins(dice, workflow)
    tasks = workflow["tasks"]
    if dice.random() < 0.4:
        workflow["on_unhandled_failure"] = "continue"
    for position, task in enumerate(tasks):
        if "action" in task:
            _vary(dice, task, children, asking)
        elif position > 0 and dice.random() < 0.7:
            _make_block(dice, task)
    _add_dependencies(dice, tasks)
    return {"ref": ref, **workflow, "output_map": {"n": "{{ vars.n }}"}}


def _vary(dice: Random, task: Definition, children: Sequence[str], asking: float) -> None:
    roll = dice.random()
    if children and roll < 0.35:
        task["action"] = dice.choice(children)
    elif roll < 0.45:
        task["action"] = "test.once"
    elif roll < 0.45 + asking:
        _make_inquiry(dice, task)
    if task["action"] not in children and dice.random() < 0.25:
        task["timeout"] = dice.choice([0.5, 10])
        if dice.random() < 0.3:
            task["on_timeout"] = "noop"


def _make_inquiry(dice: Random, task: Definition) -> None:
    task["action"], task["input"] = "test.ask", {"prompt": "Well?"}
    if dice.random() < 0.7:
        task["input"]["timeout"] = dice.choice([2, 30])
    if dice.random() < 0.5:
        task["input"]["default"] = {"n": 1}


def _make_block(dice: Random, task: Definition) -> None:
    task.pop("publish", None)
    parts = [_part(dice, f"{task['name']}_{letter}") for letter in "abc"[: dice.randint(2, 3)]]
    task |= {"type": "parallel", "tasks": parts, "fail_fast": dice.random() < 0.7}


def _part(dice: Random, name: str) -> Definition:
    part: Definition = {"name": name, "action": dice.choice(["test.work", "test.once"])}
    if dice.random() < 0.5:
        part |= {"with_items": "{{ range(3) | list }}", "concurrency": dice.choice([1, 2])}
    if dice.random() < 0.3:
        part["retry"] = {"count": 1, "delay": dice.choice([0, 2])}
    return part


def _add_dependencies(dice: Random, tasks: list[Definition]) -> None:
    for position, task in enumerate(tasks):
        if position > 1 and dice.random() < 0.12:
            other = tasks[dice.randrange(1, position)]["name"]
            task["depends_on"] = [{"task": other, "type": dice.choice(["hard", "soft", "optional"])}]


def independent_workflow(dice: Random, ref: str, children: Sequence[str], size: int) -> Definition:
    """Each task has one pass, and nothing reads what depends on the order."""
    names = [f"t{number}" for number in range(dice.randint(2, size))]
    tasks: list[Definition] = [{"name": "entry", "on_success": names[:1]}]
    sources = dict.fromkeys(names, 0)
    sources[names[0]] = 1
    for position, name in enumerate(names):
        ahead = names[position + 1 :]
        targets = sorted({*ahead[:1], *(other for other in ahead if dice.random() < 0.25)})
        for target in targets:
            sources[target] += 1
        tasks.append(_independent_task(dice, name, targets, children))
    for task in tasks[1:]:
        if sources[task["name"]] > 1:
            task["join"] = "all"
    _add_dependencies(dice, tasks)
    workflow: Definition = {"ref": ref, "vars": {"n": 0}, "tasks": tasks, "on_unhandled_failure": "continue"}
    return {**workflow, "output_map": {"n": "{{ vars.n }}"}}


def _independent_task(dice: Random, name: str, targets: list[str], children: Sequence[str]) -> Definition:
    task: Definition = {"name": name, dice.choice(["on_success", "on_complete"]): targets}
    if dice.random() < 0.9:
        task["action"] = dice.choice([*children, "test.work", "test.work"])
        if dice.random() < 0.4:
            task |= {"with_items": f"{{{{ range({dice.choice([0, 2, 5])}) | list }}}}", "on_item_failure": "continue"}
            task |= {"concurrency": dice.choice([1, 2, 10])}
        if dice.random() < 0.4:
            task["retry"] = {"count": dice.choice([1, 2]), "delay": dice.choice([0, 1, 10])}
    if dice.random() < 0.3:
        task["delay"] = dice.choice([1, 5])
    if dice.random() < 0.4:
        task["publish"] = [{"n": "{{ vars.n + 1 }}"}]
    return task
