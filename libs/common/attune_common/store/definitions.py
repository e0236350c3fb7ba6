"""What rules and policies have in common as rows: each is of a pack, or of a user and then without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from attune_common.store.connection import Connection, Row
from attune_common.store.queries import Queries


class _Named(Protocol):
    @property
    def ref(self) -> str: ...


D = TypeVar("D", bound=_Named)


class Definitions(Generic[D]):
    """The statements of one noun. `columns`: of a definition, after ref, pack and pack_ref, as the SQL has them."""

    def __init__(self, sql: Queries, columns: Callable[[D], tuple[Any, ...]]) -> None:
        self._sql, self._columns = sql, columns

    async def get(self, connection: Connection, ref: str) -> Row | None:
        return await connection.fetchrow(self._sql.get, ref)

    async def get_for_update(self, unit: Connection, ref: str) -> Row | None:
        """The row locked."""
        return await unit.fetchrow(self._sql.get_for_update, ref)

    async def page(
        self,
        connection: Connection,
        after: str | None,
        pack: str | None,
        of: str | None,
        limit: int,
        packs: Sequence[str] | None = None,
    ) -> list[Row]:
        """By ref. `of`: only those of this trigger (rules) or action (policies). `packs`: of these alone."""
        among = None if packs is None else list(packs)
        return await connection.fetch(self._sql.page, after, pack, of, limit, among)

    async def put(self, unit: Connection, pack: int, pack_ref: str, wanted: D) -> bool:
        """Store or replace a pack's; False when someone else has one of that ref."""
        return await unit.execute(self._sql.put, wanted.ref, pack, pack_ref, *self._columns(wanted)) > 0

    async def insert(self, unit: Connection, wanted: D) -> bool:
        """Store a user's; False when the ref is taken."""
        return await unit.execute(self._sql.insert, wanted.ref, None, None, *self._columns(wanted)) > 0

    async def update(self, unit: Connection, wanted: D) -> bool:
        """False when there is none of that ref."""
        return await unit.execute(self._sql.update, wanted.ref, *self._columns(wanted)) > 0

    async def delete(self, unit: Connection, ref: str) -> bool:
        """False when there is none of that ref."""
        return await unit.execute(self._sql.delete, ref) > 0

    async def delete_others(self, unit: Connection, pack: int, refs: Sequence[str]) -> int:
        """Remove the pack's that are not in `refs`."""
        return await unit.execute(self._sql.delete_others, pack, list(refs))
