"""Keyset paging: a cursor says after which row to go on, in words that only this service reads."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from attune_api.errors import Invalid
from attune_common.store.connection import Connection, Row
from attune_common.store.store import Store

MAX_LIMIT = 200

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next` of the page before.")]

Item = TypeVar("Item")


class Paging(BaseModel):
    """What the model of a list's query adds its filters to, as `Annotated[Model, Query()]`."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="How many items at most.")
    cursor: str | None = Field(None, max_length=1024, description="`next` of the page before.")


class Page(BaseModel, Generic[Item]):
    """`next` is the cursor of the page that follows, null on the last one."""

    items: list[Item]
    next: str | None = None


Fetch = Callable[[Connection, Any, int], Awaitable[Sequence[Row]]]
"""The rows after a key (None: from the first on), so many at most."""


@dataclass(frozen=True, slots=True)
class Keyset:
    """What a list is ordered by: `columns` of its rows, with their types; `name` keeps cursors of lists apart."""

    name: str
    columns: tuple[str, ...]
    types: tuple[type, ...]

    async def listed(self, store: Store, asked: Paging, fetch: Fetch, show: Callable[[Row], Item]) -> Page[Item]:
        """The page that is asked for, of a list that is ordered by one column. Errors: Invalid."""
        after = self.after(asked.cursor)
        async with store.connection() as connection:
            rows = await fetch(connection, after[0] if after else None, asked.limit + 1)
        shown, following = self.page(rows, asked.limit)
        return Page(items=[show(row) for row in shown], next=following)

    def after(self, cursor: str | None) -> list[Any] | None:
        """The key to go on after; None for the first page. Errors: Invalid."""
        if cursor is None:
            return None
        key = _decode(cursor)
        if key is None or key[:1] != [self.name] or not self._fits(key[1:]):
            raise Invalid.at("query.cursor", "this cursor is not of this list", hint="use `next` of the page before")
        return key[1:]

    def page(self, rows: Sequence[Any], limit: int) -> tuple[list[Any], str | None]:
        """Split `limit + 1` fetched rows into the page and the cursor of the next."""
        shown = list(rows[:limit])
        if len(rows) <= limit:
            return shown, None
        return shown, self.cursor(shown[-1])

    def cursor(self, row: Any) -> str:
        """What goes on after this row."""
        key = [self.name, *(row[column] for column in self.columns)]
        return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()

    def _fits(self, key: list[Any]) -> bool:
        return len(key) == len(self.types) and all(map(_is_plain, key, self.types))


def _decode(cursor: str) -> list[Any] | None:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
    return key if isinstance(key, list) else None


def _is_plain(value: Any, kind: type) -> bool:
    if kind is int:
        return type(value) is int and -(2**63) <= value < 2**63
    return type(value) is str and "\x00" not in value
