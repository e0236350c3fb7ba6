"""How an attempt ended: what a worker reports and what the engine decides on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attune_core.model.record import record
from attune_core.model.status import OutcomeStatus


@record
class Outcome:
    """`error` is `{"type": str, "message": str, ...}` unless the status is succeeded or skipped."""

    status: OutcomeStatus
    result: Any = None
    error: dict[str, Any] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @classmethod
    def succeeded(cls, result: Any = None) -> Outcome:
        return cls(OutcomeStatus.SUCCEEDED, result)

    @classmethod
    def failed(cls, error_type: str, message: str, **details: Any) -> Outcome:
        return cls(OutcomeStatus.FAILED, error={"type": error_type, "message": message, **details})

    @classmethod
    def cancelled(cls, message: str) -> Outcome:
        return cls(OutcomeStatus.CANCELLED, error={"type": "cancelled", "message": message})
