"""The names that a template may start with, and what stands behind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_core.expressions.failures import Absent, MissingName
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.scope import MISSING

FUNCTIONS: Final = ("succeeded", "failed", "timed_out", "skipped", "completed", "now", "range")
SCOPES: Final = ("task", "vars", "parameters", "pack", "system", "kv")
PLACES: Final = ("item", "index", "result", "error")
CONSTANTS: Final = ("null",)
KNOWN: Final = frozenset((*FUNCTIONS, *SCOPES, *PLACES, *CONSTANTS))

TASK_KEYS: Final = frozenset(
    {"status", "result", "error", "started_at", "completed_at", "duration", "attempt", "iteration"}
    | {"items", "total_count", "succeeded_count", "failed_count"}
)
SYSTEM_KEYS: Final = frozenset(
    ["execution_id", "workflow_execution_id", "workflow", "timestamp", "identity", "trace_id"]
)

ITERATION_ONLY: Final = Absent("has a value only inside an iteration", "give the task a with_items")
FINISHED_ONLY: Final = Absent(
    "has a value only in the publish and the transitions of a task",
    "elsewhere name the task: task.NAME.result",
)


def _vars(frame: Frame) -> Any:
    return frame.scope.vars


def _parameters(frame: Frame) -> Any:
    return frame.scope.parameters


def _config(frame: Frame) -> Any:
    return frame.scope.pack_config


def _item(frame: Frame) -> Any:
    return _present("item", frame.scope.item, ITERATION_ONLY)


def _index(frame: Frame) -> Any:
    return _present("index", frame.scope.index, ITERATION_ONLY)


def _result(frame: Frame) -> Any:
    return _present("result", frame.scope.result, FINISHED_ONLY)


def _error(frame: Frame) -> Any:
    return _present("error", frame.scope.error, FINISHED_ONLY)


def _system(frame: Frame) -> Any:
    system = frame.scope.system
    return system if "timestamp" in system else {**system, "timestamp": frame.scope.now}


def _present(name: str, value: Any, absent: Absent) -> Any:
    if value is MISSING:
        raise MissingName(name, absent, name)
    return value


ROOTS: Final[Mapping[str, Run]] = {
    "vars": _vars,
    "parameters": _parameters,
    "system": _system,
    "item": _item,
    "index": _index,
    "result": _result,
    "error": _error,
}
CONFIG: Final[Run] = _config


def extra(name: str) -> Run:
    """A root that the caller adds, such as `event`."""
    absent = Absent("has no value here")

    def run(frame: Frame) -> Any:
        try:
            return frame.scope.extra[name]
        except KeyError:
            raise MissingName(name, absent, name) from None

    return run


def whole(root: Callable[[Frame], Any]) -> Run:
    """The root as a value of its own: a lazy map never leaves the expression."""

    def run(frame: Frame) -> Any:
        value = root(frame)
        if isinstance(value, Mapping) and type(value) is not dict:
            frame.charge(len(value))
            return dict(value)
        return value

    return run
