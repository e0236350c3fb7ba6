"""Actions of the core pack: coroutines inside the worker, for what needs no process."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from functools import cache
from typing import Any

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.hosting.failure import ActionFailure
from attune_core.model.names import did_you_mean
from attune_worker.natives import INSTANT, NATIVES, Native
from attune_worker.runtimes.base import Attempt
from attune_worker.slots import SlotKind


class NativeRuntime:
    """Only what the worker brings along can be named."""

    slots = SlotKind.LIGHT

    async def prepare(self, attempt: Attempt) -> Coroutine[Any, Any, Any]:
        return _call(attempt)


def is_instant(spec: ExecutionScheduled) -> bool:
    """Whether the action never waits for anything: it takes microseconds and cannot be stopped half way."""
    return name_of(spec) in INSTANT


def perform_instant(attempt: Attempt) -> Any:
    """The result of an action that never waits. Errors: ActionFailure; what the action raises."""
    action = _call(attempt)
    try:
        action.send(None)
    except StopIteration as ended:
        return ended.value
    except asyncio.CancelledError:
        raise ActionFailure("worker_error", "the action was cancelled from inside") from None
    action.close()
    raise RuntimeError(f"{attempt.spec.action_ref} waits, although it is listed as one that does not")


def name_of(spec: ExecutionScheduled) -> str:
    return spec.entry_point or spec.action_ref


def _call(attempt: Attempt) -> Coroutine[Any, Any, Any]:
    name = name_of(attempt.spec)
    native = NATIVES.get(name)
    if native is None:
        hint = did_you_mean(name, sorted(NATIVES), f"`entry_point` is one of {', '.join(sorted(NATIVES))}")
        raise ActionFailure("unknown_native", f"the worker has no native action {name!r}: {hint}")
    try:
        bound = _signature(native).bind(attempt, **attempt.spec.parameters)
    except TypeError as problem:
        raise ActionFailure("input_error", f"{attempt.spec.action_ref}: {problem}") from problem
    return native(*bound.args, **bound.kwargs)


@cache
def _signature(native: Native) -> inspect.Signature:
    return inspect.signature(native)
