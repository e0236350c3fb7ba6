"""What can run an action: one module per runtime, found by the name that actions give."""

from __future__ import annotations

from attune_common.hosting.failure import ActionFailure
from attune_worker.runtimes.base import Attempt, Bench, Runtime
from attune_worker.runtimes.http import HttpRuntime
from attune_worker.runtimes.native import NativeRuntime
from attune_worker.runtimes.python import PythonRuntime
from attune_worker.runtimes.shell import ShellRuntime
from attune_worker.slots import SlotKind

__all__ = ["NATIVE", "Attempt", "Bench", "Runtime", "runtime_of", "slot_kind"]

NATIVE = "native"
_RUNTIMES: dict[str, Runtime] = {
    NATIVE: NativeRuntime(),
    "python": PythonRuntime(),
    "shell": ShellRuntime(),
    "http": HttpRuntime(),
}


def runtime_of(name: str) -> Runtime:
    """Errors: ActionFailure `unknown_runtime`."""
    try:
        return _RUNTIMES[name]
    except KeyError:
        known = ", ".join(sorted(_RUNTIMES))
        raise ActionFailure("unknown_runtime", f"this worker has no runtime {name!r}; it has {known}") from None


def slot_kind(name: str) -> SlotKind:
    """What an action of the runtime takes; one that is not known fails at once and takes little."""
    runtime = _RUNTIMES.get(name)
    return SlotKind.LIGHT if runtime is None else runtime.slots
