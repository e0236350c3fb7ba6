"""SQL lives in `sql/<noun>.sql`, one named statement after the other; this module reads them by name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_NAME = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)


class Queries:
    """The statements of one file as attributes: `queries.load("timer").take_due`."""

    def __init__(self, noun: str, statements: dict[str, str]) -> None:
        self._noun, self._statements = noun, statements

    def __getattr__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            known = ", ".join(sorted(self._statements))
            raise AttributeError(f"sql/{self._noun}.sql has no statement {name!r}, only: {known}") from None

    def names(self) -> list[str]:
        return list(self._statements)


def parse(noun: str, text: str) -> Queries:
    """Errors: ValueError for a name given twice or a name without a statement."""
    parts = _NAME.split(text)
    statements: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in statements or not body.strip():
            raise ValueError(f"sql/{noun}.sql: statement {name!r} is empty or stands there twice")
        statements[name] = body.strip().removesuffix(";")
    return Queries(noun, statements)


@cache
def load(noun: str) -> Queries:
    """The statements of `sql/<noun>.sql`."""
    return parse(noun, (_FOLDER / f"{noun}.sql").read_text(encoding="utf-8"))
