"""Actions of the core pack: coroutines inside the worker, for what needs no process."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import Any

from attune_common.hosting.failure import ActionFailure
from attune_worker.natives import NATIVES
from attune_worker.runtimes.base import Attempt
from attune_worker.slots import SlotKind


class NativeRuntime:
    """Only what the worker brings along can be named."""

    slots = SlotKind.LIGHT

    async def prepare(self, attempt: Attempt) -> Coroutine[Any, Any, Any]:
        name = attempt.spec.entry_point or attempt.spec.action_ref
        native = NATIVES.get(name)
        if native is None:
            raise ActionFailure("unknown_native", f"the worker has no native action {name!r}")
        try:
            bound = inspect.signature(native).bind(attempt, **attempt.spec.parameters)
        except TypeError as problem:
            raise ActionFailure("input_error", f"{attempt.spec.action_ref}: {problem}") from problem
        return native(*bound.args, **bound.kwargs)
