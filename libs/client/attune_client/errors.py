"""What can go wrong between a client and the API, each with a code, a sentence and a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attune_core.errors import AttuneError


class ApiUnreachable(AttuneError):
    """Nobody answers at the API's address, or the answer did not come in time."""

    code = "api_unreachable"


class ApiError(AttuneError):
    """The API answered with a problem.

    `status`: the HTTP status. `problems`: `{"path", "message", "hint"}` and, for files, `file`, `line`,
    `column`, `code`, `severity`. `request_id` finds the request in the server's log.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        hint: str = "",
        problems: Sequence[dict[str, Any]] = (),
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.problems = tuple(problems)
        self.request_id = request_id


class StreamUnavailable(AttuneError):
    """The deployment serves no stream; ask again from time to time instead."""

    code = "stream_unavailable"


def from_answer(status: int, body: Any) -> ApiError:
    """The error that a problem+json body (or anything else with a status of 400 and above) stands for."""
    if not isinstance(body, dict):
        return ApiError(status, f"the API answered {status}", code=f"http_{status}")
    problems = body.get("errors")
    return ApiError(
        status,
        str(body.get("detail") or body.get("title") or f"the API answered {status}"),
        code=str(body.get("code") or f"http_{status}"),
        hint=str(body.get("hint") or ""),
        problems=[each for each in problems if isinstance(each, dict)] if isinstance(problems, list) else (),
        request_id=str(body.get("request_id") or ""),
    )


class NotAWorkflow(AttuneError):
    """Something that only workflows have was asked of another execution."""

    code = "not_a_workflow"
