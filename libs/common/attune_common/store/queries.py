"""SQL lives in `sql/<noun>.sql`, one named statement after the other; this module reads them by name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_PLACE = re.compile(r"\$(\d+)")
_WRITTEN = re.compile(r"\bid AS (\w+_written)$")
_READ = re.compile(r"\bFROM (\w+_written)\b")
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
def together(statements: tuple[str, ...]) -> str:
    """Several statements that change rows as one: none sees what the others change. The last one's rows come back.

    The arguments are those of all, one after the other. `FROM things_written` is what the statement that ends with
    `RETURNING id AS things_written` has given; nothing, where it is not among them.
    """
    shifted, taken = [], 0
    for statement in statements:
        shifted.append(_shift(statement, taken))
        taken += max((int(place) for place in _PLACE.findall(statement)), default=0)
    names = [_name_of(number, statement) for number, statement in enumerate(shifted)]
    missing = {name for statement in shifted for name in _READ.findall(statement)} - set(names[:-1])
    before = [f"{name} AS (SELECT 0::bigint AS {name} WHERE false)" for name in sorted(missing)]
    before += [f"{name} AS ({statement})" for name, statement in zip(names[:-1], shifted[:-1], strict=True)]
    return "WITH " + ",\n".join(before) + f"\n{shifted[-1]}" if before else shifted[-1]


def _name_of(number: int, statement: str) -> str:
    written = _WRITTEN.search(statement)
    return written[1] if written else f"part_{number}"


def _shift(statement: str, by: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + by}", statement)


@cache
def load(noun: str) -> Queries:
    """The statements of `sql/<noun>.sql`."""
    return parse(noun, (_FOLDER / f"{noun}.sql").read_text(encoding="utf-8"))
