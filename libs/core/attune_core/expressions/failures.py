"""How a template fails: one error for users, one signal for `default()`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NoReturn

from attune_core.errors import AttuneError
from attune_core.model.names import did_you_mean

SHOWN_CHARS = 120
MESSAGE_CHARS = 300
COMPARED_NAMES = 200


class ExpressionError(AttuneError):
    """A template could not be compiled or rendered. `expression` is its source as written.

    `line` counts from 1 inside that source; 0 means unknown. `path` is the place inside the JSON that the
    template stands in (`tags[0].name`), empty when the template is the whole value.
    """

    code = "expression_error"

    def __init__(
        self, message: str, *, expression: str = "", code: str | None = None, hint: str = "", line: int = 0
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.expression = expression
        self.line = line

    def within(self, source: str, line: int = 0) -> ExpressionError:
        """The same error, naming the template it happened in. What is known already is kept."""
        if not self.expression:
            self.expression = source
            self.message = f"{shorten(self.message, MESSAGE_CHARS)}, in `{shorten(source)}`"
            self.args = (self.message,)
        self.line = self.line or line
        return self


class MissingName(Exception):
    """A name stands for nothing. `default()` and `is defined` catch it; uncaught it is an ExpressionError.

    `shown` is the path up to the missing part, `owner` the value that lacks `key`.
    """

    def __init__(self, shown: str, owner: Any, key: Any) -> None:
        super().__init__(shown, key)
        self.shown = shown
        self.owner = owner
        self.key = key

    def as_error(self, source: str, line: int = 0) -> ExpressionError:
        code = self.owner.code if isinstance(self.owner, Absent) else "undefined_name"
        error = ExpressionError(self.sentence(), code=code, hint=self.hint())
        return error.within(source, line)

    def sentence(self) -> str:
        if isinstance(self.owner, Mapping):
            return f"`{self.shown}` has no {quoted(self.key)}"
        if self.owner is None:
            return f"`{self.shown}` is null, so it has no {quoted(self.key)}"
        if isinstance(self.owner, Absent):
            return f"`{self.shown}` {self.owner.reason}"
        return f"`{self.shown}` is a {kind(self.owner)}, it has no {quoted(self.key)}"

    def hint(self) -> str:
        if isinstance(self.owner, Mapping):
            return meant(self.key, self.owner) or "use default() where it may be absent"
        if isinstance(self.owner, Absent):
            return self.owner.hint
        return "use default() where it may be absent"


class Absent:
    """The owner of a name that has no value in this place, with the reason as the rest of a sentence."""

    def __init__(self, reason: str, hint: str = "", code: str = "undefined_name") -> None:
        self.reason = reason
        self.hint = hint
        self.code = code


def fail(code: str, message: str, hint: str = "") -> NoReturn:
    raise ExpressionError(message, code=code, hint=hint)


def meant(name: Any, known: Iterable[Any]) -> str:
    """A hint with the closest known name; empty when none is close, or the name is no text."""
    if not isinstance(name, str):
        return ""
    return did_you_mean(name, (text for text in islice(known, COMPARED_NAMES) if isinstance(text, str)))


def shorten(source: str, limit: int = SHOWN_CHARS) -> str:
    flat = " ".join(source[: limit * 2].split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def quoted(key: Any) -> str:
    """A key as messages show it. A list or a map may hold itself many times over, so it is never written out."""
    if isinstance(key, str):
        return repr(shorten(key))
    return repr(key) if isinstance(key, int | float | None) else f"element under a {kind(key)}"


def kind(value: Any) -> str:
    """The word for a value's type in messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case Mapping():
            return "map"
        case list() | tuple():
            return "list"
        case _:
            return type(value).__name__.lower()
