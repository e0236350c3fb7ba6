"""What each SQL statement does, in Python: one function per statement, named as in `attune_common/store/sql`.

A statement that the model does not know is an error that says where to add it; tests/integration/executor compares
the model with PostgreSQL.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from attune_common.store import queries
from tests.simulator.database import Database, Row
from tests.simulator.violation import Violation

Answer = list[Row] | int
Statement = Callable[..., Answer]
KNOWN: dict[str, tuple[str, Statement]] = {}


def statement(noun: str, name: str) -> Callable[[Statement], Statement]:
    """Register the model of `sql/<noun>.sql`'s statement `name`."""

    def register(function: Statement) -> Statement:
        KNOWN[getattr(queries.load(noun), name)] = (f"{noun}.{name}", function)
        return function

    return register


def load() -> None:
    """Import all models of this folder."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def perform(database: Database, query: str, arguments: Sequence[Any]) -> Answer:
    """Errors: Violation for a statement without a model."""
    known = KNOWN.get(query)
    if known is None:
        raise Violation("unknown_statement", f"tests/simulator/statements has no model of this statement:\n{query}")
    return known[1](database, *arguments)


def plain(value: Any) -> Any:
    """What PostgreSQL would give back of a jsonb argument: a value of its own, made of JSON."""
    return orjson.loads(orjson.dumps(value))


def columns(json: frozenset[str], names: Sequence[str], values: Sequence[Sequence[Any]]) -> list[Row]:
    """Arguments of `unnest` as rows; those named in `json` are decoded."""
    decoded = [plain(column) if name in json else column for name, column in zip(names, values, strict=True)]
    return [dict(zip(names, row, strict=True)) for row in zip(*decoded, strict=True)]
