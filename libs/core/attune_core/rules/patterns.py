"""Patterns of criteria, on an engine whose time grows with the text and not with the pattern's cleverness."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

_LONGEST: Final = 10_000


class PatternError(ValueError):
    """A pattern that does not compile; the text says why."""


def finds(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether the pattern occurs in the text. Errors: PatternError."""
    return compiled(pattern, ignore_case).search(text) is not None


def wildcard_matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits a pattern with `*`, `?` and `[abc]`. Errors: PatternError."""
    return compiled(_translated(pattern), False).search(text) is not None


@lru_cache(maxsize=1_024)
def compiled(pattern: str, ignore_case: bool) -> Any:
    if len(pattern) > _LONGEST:
        raise PatternError(f"a pattern has at most {_LONGEST:,} characters")
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else "it cannot be read"
        shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"the pattern does not compile: {shown}") from None


def check_wildcard(pattern: str) -> None:
    """Errors: PatternError."""
    compiled(_translated(pattern), False)


def _translated(pattern: str) -> str:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        end = pattern.find("]", position + 2) if sign == "[" else -1
        if sign == "*":
            parts.append(".*")
        elif sign == "?":
            parts.append(".")
        elif end > 0:
            parts.append(_character_class(pattern[position + 1 : end]))
            position = end
        else:
            parts.append(re2.escape(sign))
        position += 1
    return f"(?s)\\A(?:{''.join(parts)})\\z"


def _character_class(inside: str) -> str:
    negated = inside.startswith("!")
    letters = inside[1:] if negated else inside
    escaped = letters.replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^").replace("]", "\\]")
    return f"[{'^' if negated else ''}{escaped}]"
