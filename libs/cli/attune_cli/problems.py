"""Errors as people read them: what is wrong, where, and what to do next. Always on stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attune_cli.exits import Exit, exit_code
from attune_cli.output import console

if TYPE_CHECKING:
    from rich.console import RenderableType

    from attune_core.errors import AttuneError, Problem

_LISTS = {
    "value": "kv list", "key": "kv list", "dead letter": "dead-letter list", "user": "identity list",
    **{noun: f"{noun} list" for noun in ("action", "workflow", "execution", "inquiry", "rule", "policy", "trigger",
       "event", "enforcement", "sensor", "secret", "incident", "token", "identity", "pack")},
}  # fmt: skip
"""Where to look for what is missing, by how the API names it."""
_STYLES = {"error": "red", "warning": "yellow"}


def report(error: AttuneError) -> Exit:
    """Print an error with its places and hint; return the exit code it stands for."""
    from attune_client.errors import ApiError

    screen, code = console(stderr=True), exit_code(error)
    places = _places(error)
    screen.print(_headline(_sentence(error, places), error.code))
    if places:
        screen.print(problem_table(places))
    if error.hint and error.hint not in (place.get("hint") for place in places):
        screen.print(f"hint: {error.hint}", style="cyan", markup=False)
    if isinstance(error, ApiError) and error.request_id:
        screen.print(f"request: {error.request_id}", style="dim", markup=False)
    if following := _next(error):
        screen.print(f"next:  {following}", markup=False)
    return code


def problem_table(problems: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One line per finding: place, severity, sentence, hint."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for problem in problems:
        severity = str(problem.get("severity") or "error")
        hint = str(problem.get("hint") or "")
        sentence = Text(str(problem.get("message", "")))
        if hint:
            sentence.append(f" ({hint})", style="cyan")
        if problem.get("code"):
            sentence.append(f" [{problem['code']}]", style="dim")
        table.add_row(Text(place_of(problem)), Text(severity, style=_STYLES.get(severity, "")), sentence)
    return table


def place_of(problem: Mapping[str, Any]) -> str:
    """`file:line:column`, or the path of a field."""
    file, line = str(problem.get("file") or ""), int(problem.get("line") or 0)
    if file and line:
        return f"{file}:{line}:{problem.get('column') or 0}"
    return file or str(problem.get("path") or "")


def as_record(problem: Problem) -> dict[str, Any]:
    """A finding of the core in the form that the API uses for it."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "severity": str(problem.severity),
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def _places(error: AttuneError) -> list[dict[str, Any]]:
    from attune_client.errors import ApiError
    from attune_core.errors import DefinitionError

    match error:
        case DefinitionError():
            return [as_record(problem) for problem in error.problems]
        case ApiError():
            return [dict(problem) for problem in error.problems if _adds_something(problem, error)]
        case _:
            return []


def _adds_something(problem: Mapping[str, Any], error: AttuneError) -> bool:
    if not problem.get("file") and error.message == f"{problem.get('path')}: {problem.get('message')}":
        return bool(problem.get("hint")) and problem.get("hint") != error.hint
    return bool(problem.get("file") or problem.get("path")) or problem.get("message") != error.message


def _sentence(error: AttuneError, places: Sequence[Mapping[str, Any]]) -> str:
    """How many findings there are, where each is told below by itself."""
    if places and all(place.get("file") for place in places):
        return f"{len(places)} problem{'s' if len(places) != 1 else ''}"
    return error.message


def _next(error: AttuneError) -> str:
    """What to type next, where that is clear."""
    from attune_client.errors import ApiError, ApiUnreachable

    match error:
        case ApiUnreachable():
            return "attune dev"
        case ApiError(status=401):
            return "attune login"
        case ApiError(status=403):
            return "attune whoami"
        case ApiError(status=404):
            return _look_for(error.message)
        case _:
            return ""


def _look_for(message: str) -> str:
    """The list in which to look for what is not there; who one is, when it may be that one does not see it."""
    if "you may not see it" in message:
        return "attune whoami"
    missing = message.partition("there is no ")[2]
    found = next((words for noun, words in _LISTS.items() if missing.startswith(noun)), "")
    return f"attune {found}" if found else ""


def _headline(sentence: str, code: str) -> RenderableType:
    from rich.text import Text

    return Text.assemble(("error: ", "bold red"), sentence, (f" [{code}]", "dim"))
