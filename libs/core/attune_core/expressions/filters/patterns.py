"""Filters with regular expressions, on an engine whose time is linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

import re2

from attune_core.expressions.failures import fail, kind, quoted
from attune_core.expressions.filters.registry import filter_named, text, whole
from attune_core.expressions.frame import Frame
from attune_core.expressions.limits import PATTERN_CHARS

MEMORY = 1 << 19
KEPT = 128
REFERENCE = re.compile(r"\\(?:(?P<number>\d)|g<(?P<name>\w+)>|(?P<escaped>.?))", re.DOTALL)
Part: TypeAlias = "tuple[str, int | str | None]"


@lru_cache(maxsize=KEPT)
def compiled(pattern: str, ignorecase: bool, multiline: bool) -> Any:
    """Errors: ExpressionError for a pattern that is wrong or too large."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    flags = ("i" if ignorecase else "") + ("m" if multiline else "")
    source = (f"(?{flags})" if flags else "") + pattern
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else ""
        fail("wrong_pattern", f"The pattern {pattern[:80]!r} cannot be used: {reason}", "the syntax is RE2's")


def _prepared(frame: Frame, value: Any, pattern: Any, ignorecase: Any, multiline: Any) -> tuple[str, Any]:
    if not isinstance(pattern, str):
        fail("wrong_type", f"A pattern is text, not {kind(pattern)}")
    if len(pattern) > PATTERN_CHARS:
        fail("wrong_pattern", f"A pattern has at most {PATTERN_CHARS} characters")
    frame.charge(100 + len(pattern))
    engine = compiled(pattern, bool(ignorecase), bool(multiline))
    return text(frame, value, "regex"), engine


def _charge(frame: Frame, engine: Any, chars: int) -> None:
    # In the worst case the engine visits every state of the pattern for every character.
    frame.charge(8 + (chars >> 6) + (chars * engine.programsize >> 8))


@filter_named("regex_match")
def regex_match(frame: Frame, value: Any, pattern: Any, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Whether the text starts with the pattern."""
    written, engine = _prepared(frame, value, pattern, ignorecase, multiline)
    _charge(frame, engine, len(written))
    return engine.match(written) is not None


@filter_named("regex_search")
def regex_search(
    frame: Frame, value: Any, pattern: Any, group: Any = 0, ignorecase: bool = False, multiline: bool = False
) -> Any:
    """The first part of the text that fits (or one group of it); null when none does."""
    written, engine = _prepared(frame, value, pattern, ignorecase, multiline)
    _charge(frame, engine, len(written))
    found = engine.search(written)
    return None if found is None else _group(engine, found, group)


def _group(engine: Any, found: Any, group: Any) -> Any:
    known = engine.groupindex if isinstance(group, str) else range(engine.groups + 1)
    if isinstance(group, bool) or not isinstance(group, int | str) or group not in known:
        fail("wrong_value", f"The pattern has no group {quoted(group)}")
    return found.group(group)


@filter_named("regex_replace")
def regex_replace(
    frame: Frame,
    value: Any,
    pattern: Any,
    replacement: Any = "",
    count: int = 0,
    ignorecase: bool = False,
    multiline: bool = False,
) -> str:
    """Every part that fits replaced; `\\1` and `\\g<name>` stand for groups."""
    written, engine = _prepared(frame, value, pattern, ignorecase, multiline)
    most = whole(count, "The count of regex_replace")
    return _replaced(frame, written, engine, text(frame, replacement, "regex_replace"), most)


def _replaced(frame: Frame, written: str, engine: Any, replacement: str, count: int) -> str:
    pieces: list[str] = []
    frame.charge(len(replacement) >> 1)
    template = _template(replacement)
    end = 0
    _charge(frame, engine, len(written))
    for found in islice(_distinct(engine.finditer(written)), count or None):
        pieces += (written[end : found.start()], _expanded(frame, engine, found, template))
        frame.room(len(pieces[-1]) + len(pieces[-2]))
        end = found.end()
        _charge(frame, engine, len(written) - end)
    pieces.append(written[end:])
    frame.room(sum(map(len, pieces)))
    return "".join(pieces)


def _distinct(matches: Iterator[Any]) -> Iterator[Any]:
    """The library gives an empty match twice when it lies ahead of where it began to search."""
    previous = None
    for found in matches:
        if found.span() != previous:
            previous = found.span()
            yield found


def _template(replacement: str) -> list[Part]:
    """Literal texts, each with the group that follows it."""
    parts: list[Part] = []
    at = 0
    for found in REFERENCE.finditer(replacement):
        escaped = found["escaped"]
        parts.append((replacement[at : found.start()] + (escaped or ""), None if escaped is not None else _name(found)))
        at = found.end()
    return [*parts, (replacement[at:], None)]


def _name(found: re.Match[str]) -> int | str:
    name: str = found["number"] or found["name"]
    return int(name) if name.isdecimal() and len(name) < 4 else name


def _expanded(frame: Frame, engine: Any, found: Any, template: list[Part]) -> str:
    if len(template) == 1:
        return template[0][0]
    frame.charge(len(template))
    pieces: list[str] = []
    for literal, group in template:
        pieces += (literal, "" if group is None else _group(engine, found, group) or "")
    frame.room(sum(map(len, pieces)))
    return "".join(pieces)
