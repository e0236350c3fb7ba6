"""What pack authors import. The standard library alone, so that it runs in any pack's environment.

from attune_sdk import ActionFailed, action

@action
def deploy(app_name: str, replicas: int = 1):
    if replicas > 10:
        raise ActionFailed("too_many", "at most 10 replicas")
    return {"deployed": app_name}
"""

from __future__ import annotations

from attune_sdk.actions import Action, action
from attune_sdk.context import Context, context
from attune_sdk.errors import ActionFailed
from attune_sdk.results import read_parameters, write_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from attune_sdk.sensors import EmitRefused, Receipt, Sensor

__all__ = [
    "Action",
    "ActionFailed",
    "Context",
    "EmitRefused",
    "Receipt",
    "Sensor",
    "action",
    "context",
    "read_parameters",
    "write_result",
]


def __getattr__(name: str) -> object:
    """What only sensors need costs actions nothing."""
    if name in ("EmitRefused", "Receipt", "Sensor"):
        from attune_sdk import sensors

        return getattr(sensors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
