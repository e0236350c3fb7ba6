"""Filters on text."""

from __future__ import annotations

import re
from typing import Any

from attune_core.expressions.failures import fail
from attune_core.expressions.filters.registry import filter_named, text, whole
from attune_core.expressions.frame import Frame
from attune_core.expressions.operators import joined
from attune_core.expressions.secrets import Secret
from attune_core.expressions.values import text_of

WORD = re.compile(r"[^-\s(\[{<]+")


@filter_named("upper")
def upper(frame: Frame, value: Any) -> str:
    return text(frame, value, "upper").upper()


@filter_named("lower")
def lower(frame: Frame, value: Any) -> str:
    return text(frame, value, "lower").lower()


@filter_named("capitalize")
def capitalize(frame: Frame, value: Any) -> str:
    return text(frame, value, "capitalize").capitalize()


@filter_named("title")
def title(frame: Frame, value: Any) -> str:
    """Each word starts with a capital; an apostrophe does not start a word."""
    written = text(frame, value, "title")
    frame.charge(len(written))
    return WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), written)


@filter_named("trim")
def trim(frame: Frame, value: Any, chars: str | None = None) -> str:
    written = text(frame, value, "trim")
    if chars is not None:
        frame.charge((len(written) >> 4) * (len(text(frame, chars, "trim")) >> 3))
    return written.strip(chars)


@filter_named("string")
def string(frame: Frame, value: Any) -> str:
    return text_of(frame, value)


@filter_named("replace")
def replace(frame: Frame, value: Any, old: Any, new: Any, count: int | None = None) -> str:
    written, old, new = (text(frame, part, "replace") for part in (value, old, new))
    found = written.count(old)
    limit = found if count is None else min(found, whole(count, "The count of replace"))
    frame.room(len(written) + limit * (len(new) - len(old)))
    frame.charge(limit >> 2)
    return written.replace(old, new, limit)


@filter_named("split")
def split(frame: Frame, value: Any, sep: Any = None, maxsplit: int = -1) -> list[str]:
    written = text(frame, value, "split")
    most = whole(maxsplit, "The maxsplit of split", least=-1)
    if sep is None:
        frame.charge(len(written) >> 1 if most < 0 else most)
        return written.split(None, most)
    if not isinstance(sep, str) or not sep:
        fail("wrong_value", "`split` needs a separator of at least one character")
    frame.charge(written.count(sep))
    return written.split(sep, most)


@filter_named("splitlines", "lines")
def lines(frame: Frame, value: Any) -> list[str]:
    written = text(frame, value, "lines")
    frame.charge(len(written) >> 1)
    return written.splitlines()


@filter_named("truncate")
def truncate(
    frame: Frame, value: Any, length: int = 255, killwords: bool = False, end: str = "...", leeway: int = 5
) -> str:
    written, end = text(frame, value, "truncate"), text(frame, end, "truncate")
    most = whole(length, "The length of truncate", least=len(end))
    if len(written) <= most + whole(leeway, "The leeway of truncate"):
        return written
    kept = written[: most - len(end)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + end


@filter_named("wordcount")
def wordcount(frame: Frame, value: Any) -> int:
    written = text(frame, value, "wordcount")
    frame.charge(len(written) >> 1)
    return len(written.split())


@filter_named("indent")
def indent(frame: Frame, value: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str:
    written = text(frame, value, "indent")
    margin = width if isinstance(width, str) else " " * whole(width, "The width of indent", most=1000)
    rows = written.count("\n") + 1
    frame.room(len(written) + rows * len(margin))
    frame.charge(rows)
    head, *rest = written.split("\n")
    indented = [margin + row if blank or row.strip() else row for row in rest]
    return "\n".join([margin + head if first else head, *indented])


@filter_named("append", secrets=True)
def append(frame: Frame, value: Any, suffix: Any) -> Any:
    """The suffix after a text, or one more element after a list."""
    if isinstance(value, list | tuple):
        frame.charge(len(value))
        return [*value, suffix]
    return joined(frame, [_piece(frame, value, "append"), _piece(frame, suffix, "append")])


@filter_named("prepend", secrets=True)
def prepend(frame: Frame, value: Any, prefix: Any) -> Any:
    """The prefix before a text, or one more element before a list."""
    if isinstance(value, list | tuple):
        frame.charge(len(value))
        return [prefix, *value]
    return joined(frame, [_piece(frame, prefix, "prepend"), _piece(frame, value, "prepend")])


def _piece(frame: Frame, value: Any, use: str) -> str | Secret:
    return value if isinstance(value, Secret) else text(frame, value, use)
