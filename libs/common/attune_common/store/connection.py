"""One connection as the store hands it out: queries by text and arguments, records back."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import asyncpg
import orjson
from asyncpg.protocol import protocol

_JSONB_VERSION = b"\x01"
_MAP: OrderedDict[Any, Any] = OrderedDict()
_VIEWS: tuple[type[Any], ...] = (type({}.keys()), type({}.values()), type(_MAP.keys()), type(_MAP.values()))
_ITERABLES: tuple[type[Any], ...] = (list, tuple, set, frozenset, range, deque, *_VIEWS)


class Row(Protocol):
    """A record: by column name or position, and `dict(row)`."""

    def __getitem__(self, key: str | int) -> Any: ...
    def get(self, key: str, default: Any = None) -> Any: ...
    def keys(self) -> Iterable[str]: ...
    def values(self) -> Iterable[Any]: ...
    def items(self) -> Iterable[tuple[str, Any]]: ...


class Session(asyncpg.Connection):  # type: ignore[misc]
    """Nothing is ever set for a session (only SET LOCAL), so giving one back needs no round trip."""

    def get_reset_query(self) -> str:
        return ""


class Connection:
    """Queries on one PostgreSQL connection. Errors: see `store.errors`."""

    __slots__ = ("_session",)

    def __init__(self, session: Any) -> None:
        self._session = session

    async def fetch(self, query: str, *arguments: Any) -> list[Row]:
        rows: list[Row] = await self._session.fetch(query, *arguments)
        return rows

    async def fetchrow(self, query: str, *arguments: Any) -> Row | None:
        row: Row | None = await self._session.fetchrow(query, *arguments)
        return row

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """The first column of the first row; None when there is no row."""
        return await self._session.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> int:
        """The number of rows that the statement touched; 0 for statements that touch none."""
        tag: str = await self._session.execute(query, *arguments)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    @property
    def is_late(self) -> bool:
        """Whether rows are read without locks for now, and looked at again when they are written."""
        return False

    async def look(self, query: str, *arguments: Any) -> list[Row]:
        """Rows of a question that neither locks nor changes any: it may be asked before a transaction begins."""
        return await self.fetch(query, *arguments)

    async def glimpse(self, query: str, *arguments: Any) -> list[Row]:
        """The same for rows that are never changed: some that are just being written may be missing."""
        return await self.look(query, *arguments)

    def saw(self, table: str, versions: Mapping[int, int]) -> None:
        """Rows by id, with the version that was read: a run's revision, else the transaction that had written it."""
        raise AssertionError("whoever has locked its rows does not ask for their versions")

    def follow(self, before: Callable[[], Awaitable[None]]) -> None:
        """What was seen is in part what others are about to store: nothing is written, and nothing read that may
        change, until `before` has returned. Errors are its own."""
        raise AssertionError("whoever has locked its rows comes after nobody")

    def versions(self, table: str, ids: Iterable[int]) -> list[int | None]:
        """Which version of each row a statement may change; None: it is locked."""
        return [None for _ in ids]

    async def later(self, query: str, *arguments: Any) -> None:
        """Change rows at once; a unit of work may wait, so that several changes are one round trip."""
        await self.execute(query, *arguments)

    async def executemany(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        """The statement once per row, in one round trip. For many rows `unnest` is faster."""
        await self._session.executemany(query, rows)


def _look_at_types() -> None:
    """Of each member of each array asyncpg asks whether it is a dimension more, by `collections.abc`: with some eighty
    members for a task that was a twentieth of the executor's work. Asked by concrete types it costs nothing."""
    protocol.IterableABC = protocol.SizedABC = _ITERABLES


_look_at_types()


async def prepare(session: Any) -> None:
    """jsonb and json columns take and give plain Python values (None is SQL NULL)."""
    await session.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_to_jsonb, decoder=_from_jsonb)
    await session.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=orjson.dumps, decoder=orjson.loads
    )


def _to_jsonb(value: Any) -> bytes:
    return _JSONB_VERSION + orjson.dumps(value)


def _from_jsonb(data: bytes) -> Any:
    return orjson.loads(memoryview(data)[1:])


JSON_NULL = orjson.Fragment(b"null")
"""JSON's null for a jsonb column, where None means SQL's NULL."""


def jsons(values: Iterable[Any]) -> list[Any]:
    """An argument for `$n::jsonb[]`: lists in a bare list would be taken for a second dimension.

    None stays SQL NULL. Errors: TypeError for what JSON has no form for.
    """
    return [None if value is None else orjson.Fragment(orjson.dumps(value)) for value in values]
