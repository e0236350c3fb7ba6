"""`task.<name>` and what is read of it."""

from __future__ import annotations

from typing import Any

from attune_core.expressions.compiler import Compiler, refusal
from attune_core.expressions.failures import Absent, MissingName, kind, meant
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.roots import TASK_KEYS

RESULTS = frozenset({"result", "items"})


def task_path(compiler: Compiler, steps: list[Any]) -> tuple[Run, int]:
    """The run for `task.<name>` or `task.<name>.<key>`, and how many of the steps it took."""
    name = _name(steps[0])
    _note(compiler, steps)
    if len(steps) == 1 or not isinstance(steps[1].key, str):
        return _whole(name), 1
    key = steps[1].key
    if key not in TASK_KEYS:
        hint = meant(key, sorted(TASK_KEYS)) or "the result of a task stands under task.NAME.result"
        raise refusal(steps[1].node, "unknown_name", f"A task has no {key!r}", hint)
    return _attribute(name, key), 2


def _name(step: Any) -> Run:
    key = step.key
    if step.run is not None:
        run: Run = step.run
        return run
    if not isinstance(key, str):
        raise refusal(step.node, "unknown_name", f"A task is named by text, not {key!r}")
    return lambda frame: key


def _note(compiler: Compiler, steps: list[Any]) -> None:
    name = steps[0].key
    if not isinstance(name, str):
        return
    compiler.reads.tasks.add(name)
    key = steps[1].key if len(steps) > 1 else None
    if key is None or key in RESULTS:
        compiler.reads.task_results.add(name)


def shown_task(frame: Frame, name: Any) -> Any:
    """The mapping of one task. Errors: MissingName for a task that the workflow does not have."""
    tasks = frame.scope.tasks
    if not isinstance(name, str):
        absent = Absent(f"takes the name of a task, not a {kind(name)}", code="unknown_task")
        raise MissingName("task[...]", absent, name)
    try:
        return tasks[name]
    except KeyError:
        absent = Absent("is no task of this workflow", meant(name, tasks), "unknown_task")
        raise MissingName(f"task.{name}", absent, name) from None


def _whole(name: Run) -> Run:
    def run(frame: Frame) -> dict[str, Any]:
        return dict(shown_task(frame, name(frame)))

    return run


def _attribute(name: Run, key: str) -> Run:
    def run(frame: Frame) -> Any:
        task = shown_task(frame, name(frame))
        try:
            return task[key]
        except KeyError:
            return None

    return run
