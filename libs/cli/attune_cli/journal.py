"""Lines of a run's journal in few words: what it was told, and what it decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

_MANY = 4
_QUIET = frozenset({"FinishExecution", "StoreItems"})
_WORDS = {
    "RunAction": "run",
    "RetryAction": "try again",
    "Dispatch": "send",
    "RecordItem": "record",
    "CancelAction": "stop",
    "TaskEnded": "end",
    "FinishRun": "finish",
    "SetTimer": "timer",
    "PauseChildren": "pause subworkflows",
    "ResumeChildren": "resume subworkflows",
}


def row_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as a row of a table."""
    commands = entry.get("commands") or []
    return {
        "revision": entry.get("revision"),
        "time": entry.get("time"),
        "signal": signal_text(entry.get("signal") or {}),
        "commands": commands_text(commands),
    }


def signal_text(signal: Mapping[str, Any]) -> str:
    """`TaskFinished build[3] failed (attempt 2)`."""
    words = [str(signal.get("type", ""))]
    if isinstance(key := signal.get("key"), Mapping):
        words.append(place(key))
    outcome = signal.get("outcome")
    if isinstance(outcome, Mapping):
        words.append(str(outcome.get("status", "")))
    words += [str(signal[name]) for name in ("kind", "reason") if signal.get(name)]
    if signal.get("tasks"):
        words.append(", ".join(signal["tasks"]))
    if signal.get("reset_items") is False:
        words.append("failed items")
    if (signal.get("attempt") or 1) > 1:
        words.append(f"(attempt {signal['attempt']})")
    return " ".join(words)


def commands_text(commands: Sequence[Mapping[str, Any]]) -> str:
    """`end build succeeded by on_success, run deploy`; many of a kind for one task are counted."""
    shown = (command for command in commands if command.get("type") not in _QUIET)
    groups = [list(group) for _, group in groupby(shown, _likeness)]
    return ", ".join(
        _counted(group) if len(group) >= _MANY else ", ".join(map(_command_text, group)) for group in groups
    )


def _likeness(command: Mapping[str, Any]) -> tuple[Any, ...]:
    key = command.get("key") or command
    return command.get("type"), key.get("task"), key.get("iteration")


def _counted(group: Sequence[Mapping[str, Any]]) -> str:
    kind, task, iteration = _likeness(group[0])
    return f"{_WORDS.get(kind, kind)} {place({'task': task, 'iteration': iteration})} {len(group)}x"


def _command_text(command: Mapping[str, Any]) -> str:
    kind = str(command.get("type"))
    words = [_WORDS.get(kind, kind)]
    if isinstance(key := command.get("key"), Mapping):
        words.append(place(key))
    match kind:
        case "TaskEnded":
            words += [place({**command, "index": None}), str(command.get("status"))]
            words += ["by", " and ".join(command["fired"])] if command.get("fired") else []
        case "FinishRun":
            words.append(str(command.get("status")))
        case "SetTimer":
            words.append(f"{command.get('kind')} in {command.get('seconds')} s")
        case _:
            pass
    return " ".join(words)


def place(key: Mapping[str, Any]) -> str:
    """`task`, `task/2` for its second pass, `task[3]` for an item."""
    text = str(key.get("task", ""))
    if (key.get("iteration") or 1) > 1:
        text += f"/{key['iteration']}"
    return text if key.get("index") is None else f"{text}[{key['index']}]"
