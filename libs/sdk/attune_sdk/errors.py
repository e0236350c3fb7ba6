"""How an action says that it failed, and what the platform is told."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class ActionFailed(Exception):
    """End the action as failed.

    `type` is a short word that workflows can decide on (`error.type`), `message` a sentence for people, `details`
    anything more that JSON can carry.
    """

    def __init__(self, type: str, message: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message or type)
        self.type = type
        self.message = message or type
        self.details = dict(details or {})


def describe(problem: BaseException) -> dict[str, Any]:
    """The `error` of an execution: type, message, and details when there are any."""
    if isinstance(problem, ActionFailed):
        details = {"details": problem.details} if problem.details else {}
        return {"type": problem.type, "message": problem.message, **details}
    return {"type": type(problem).__name__, "message": str(problem) or type(problem).__name__}
