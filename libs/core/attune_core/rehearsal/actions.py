"""What an attempt answers: what the script says, else what the core pack's simplest actions always do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from attune_core.model.status import OutcomeStatus
from attune_core.rehearsal.script import Answer

INQUIRY: Final = "core.inquiry"


def usual(action: str, parameters: Mapping[str, Any]) -> Answer:
    """The answer of an action about which the script is silent: success with null, where nothing better is known."""
    answer = _USUAL.get(action)
    return Answer(OutcomeStatus.SUCCEEDED) if answer is None else answer(parameters)


def in_time(answer: Answer, seconds: float | None) -> Answer:
    """The answer, or a timeout when it takes longer than the attempt may."""
    if seconds is None or (answer.after is not None and answer.after <= seconds):
        return answer
    return _late(seconds)


def asked(answer: Answer, parameters: Mapping[str, Any], seconds: float | None) -> Answer:
    """The same for an inquiry, which has a timeout and a default answer of its own."""
    limit = parameters.get("timeout") or seconds
    if not isinstance(limit, int | float) or in_time(answer, limit) is answer:
        return answer
    if parameters.get("default") is not None:
        return Answer(OutcomeStatus.SUCCEEDED, parameters["default"], float(limit))
    return _late(float(limit))


def _late(seconds: float) -> Answer:
    error = {"type": "timeout", "message": f"the attempt did not end within {seconds:g} seconds"}
    return Answer(OutcomeStatus.TIMED_OUT, error, seconds)


def _fail(parameters: Mapping[str, Any]) -> Answer:
    details = {} if parameters.get("details") is None else {"details": parameters["details"]}
    error = {"type": "failed", "message": "failed as asked", **_texts(parameters), **details}
    return Answer(OutcomeStatus.FAILED, error)


def _texts(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameters[name] for name in ("type", "message") if name in parameters}


def _sleep(parameters: Mapping[str, Any]) -> Answer:
    seconds = parameters.get("seconds", 1)
    after = float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else 0.0
    result = parameters.get("result")
    return Answer(OutcomeStatus.SUCCEEDED, {"seconds": seconds} if result is None else result, after)


def _unanswered(_parameters: Mapping[str, Any]) -> Answer:
    """Nobody answers."""
    return replace(Answer(OutcomeStatus.SUCCEEDED), after=None)


_USUAL: Final[Mapping[str, Callable[[Mapping[str, Any]], Answer]]] = {
    "core.echo": lambda parameters: Answer(OutcomeStatus.SUCCEEDED, dict(parameters)),
    "core.fail": _fail,
    "core.sleep": _sleep,
    INQUIRY: _unanswered,
}
