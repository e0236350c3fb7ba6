"""Times as people write them: `30d`, `12h`, `90s`, or a date."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*([smhdw])\Z")


def span(text: str) -> timedelta:
    """Errors: typer.BadParameter."""
    found = _SPAN.match(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no span of time: 90s, 15m, 12h, 30d, 2w")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


def seconds(text: str | None) -> float | None:
    """A span in seconds; a bare number is one already. Errors: typer.BadParameter."""
    if text is None:
        return None
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else span(text).total_seconds()


def moment(text: str | None, *, past: bool = False) -> str | None:
    """ISO 8601 of a date, or of a span from now (`past`: back from now). Errors: typer.BadParameter."""
    if text is None:
        return None
    if _SPAN.match(text.strip()):
        now = datetime.now(UTC)
        return (now - span(text) if past else now + span(text)).isoformat()
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise typer.BadParameter(f"{text!r} is neither a span like 30d nor a date like 2026-12-31") from problem
    return (found if found.tzinfo else found.astimezone()).isoformat()


def between(since: str | None, until: str | None) -> dict[str, str | None]:
    """Both as moments, counted back from now, as lists ask for them. Errors: typer.BadParameter."""
    return {"since": moment(since, past=True), "until": moment(until, past=True)}
