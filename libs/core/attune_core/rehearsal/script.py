"""The script of a rehearsal: what each task's action answers, attempt by attempt, and what is done to the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attune_core.errors import AttuneError
from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.signals import TaskKey

_KINDS = {
    "succeed": OutcomeStatus.SUCCEEDED,
    "fail": OutcomeStatus.FAILED,
    "time_out": OutcomeStatus.TIMED_OUT,
}
_KEYS = ("parameters", "pack_config", "kv", "outcomes", "default", "signals", "expect", "name", "workflow", "items")


class ScriptError(AttuneError):
    """The outcomes file cannot be used; `path` says where."""

    code = "invalid_script"


@dataclass(frozen=True, slots=True)
class Answer:
    """`after`: how long the attempt takes, in virtual seconds."""

    status: OutcomeStatus
    value: Any = None
    after: float = 0.0

    def outcome(self) -> Outcome:
        if self.status is OutcomeStatus.SUCCEEDED:
            return Outcome.succeeded(self.value)
        error = {"type": self.status.value, "message": f"scripted: {self.status.value}", **(self.value or {})}
        return Outcome(self.status, error=error)


@dataclass(frozen=True, slots=True)
class Script:
    """`answers`: per task (or `task[3]` for one item) the answers of its attempts; the last one repeats.

    `controls`: (seconds from the start, `pause` | `resume` | `cancel`). `expect`: see `expect.py`.
    """

    name: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pack_config: Mapping[str, Any] = field(default_factory=dict)
    kv: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    default: Answer = Answer(OutcomeStatus.SUCCEEDED)
    controls: tuple[tuple[float, str], ...] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, key: TaskKey, call: int) -> Answer:
        """What the `call`-th attempt (from 1, over all passes) of this task or item answers."""
        answers = self.answers.get(f"{key.task}[{key.index}]") or self.answers.get(key.task)
        return self.default if not answers else answers[min(call, len(answers)) - 1]


def read_script(raw: Any) -> Script:
    """Errors: ScriptError."""
    if not isinstance(raw, dict):
        raise ScriptError("a script is a map", hint=f"with keys such as {', '.join(_KEYS[:5])}")
    for key in raw:
        if key not in _KEYS:
            raise ScriptError(f"unknown key {key!r}", path=str(key), hint=f"known keys: {', '.join(_KEYS)}")
    outcomes = _map(raw, "outcomes")
    return Script(
        name=str(raw.get("name", "")),
        parameters=_map(raw, "parameters"),
        pack_config=_map(raw, "pack_config"),
        kv=_map(raw, "kv"),
        answers={str(task): _answers(given, f"outcomes.{task}") for task, given in outcomes.items()},
        default=_answer(raw.get("default", "succeed"), "default"),
        controls=tuple(_control(each, f"signals[{n}]") for n, each in enumerate(raw.get("signals", []))),
        expect=_map(raw, "expect"),
    )


def _map(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key) or {}
    if not isinstance(value, dict):
        raise ScriptError(f"{key} must be a map", path=key)
    return value


def _answers(given: Any, path: str) -> tuple[Answer, ...]:
    sequence: Sequence[Any] = given if isinstance(given, list) else [given]
    if not sequence:
        raise ScriptError("an empty list of answers", path=path, hint="leave the task out to use the default")
    return tuple(_answer(each, f"{path}[{number}]") for number, each in enumerate(sequence))


def _answer(given: Any, path: str) -> Answer:
    """`succeed`, or `{succeed: RESULT}`, `{fail: {type, message}}`, `{time_out: null}`, each with `after: S`."""
    if isinstance(given, str):
        given = {given: None}
    kinds = [key for key in given if key in _KINDS] if isinstance(given, dict) else []
    if len(kinds) != 1 or set(given) - {kinds[0], "after"}:
        raise ScriptError(
            "an answer is one of succeed, fail, time_out, and optionally after", path=path, hint="{fail: {type: boom}}"
        )
    value, after = given[kinds[0]], given.get("after", 0)
    if isinstance(value, str) and kinds[0] != "succeed":
        value = {"message": value}
    if isinstance(after, bool) or not isinstance(after, int | float) or after < 0:
        raise ScriptError("after must be a number of seconds", path=f"{path}.after")
    return Answer(_KINDS[kinds[0]], value, float(after))


def _control(given: Any, path: str) -> tuple[float, str]:
    if isinstance(given, dict) and len(given) == 1:
        ((kind, after),) = given.items()
        if kind in ("pause", "resume", "cancel") and isinstance(after, int | float):
            return float(after), kind
    raise ScriptError("a signal is pause, resume or cancel with its time in seconds", path=path, hint="{pause: 10}")
