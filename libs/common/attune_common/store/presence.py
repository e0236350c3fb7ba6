"""Which executors there are, and whether reports may be stuck in one of them."""

from __future__ import annotations

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("presence")


async def tell(connection: Connection, name: str, clear: bool, ear: str) -> None:
    """The executor lives; `clear`: it hears from the broker, by this ear (see `Bus.ear`). In a transaction; to lose it
    in a crash is no matter."""
    await connection.execute("SET LOCAL synchronous_commit = off")
    await connection.execute(_SQL.tell, name, clear, ear)


async def doubtful(connection: Connection, name: str, fresh: float, gone: float) -> list[str]:
    """The ears of others that were not heard of for `fresh` seconds, empty for those that said last that they are not
    clear; those that were silent for `gone` seconds no longer count."""
    return [row["ear"] for row in await connection.fetch(_SQL.doubtful, name, fresh, gone)]


async def forget(connection: Connection, name: str) -> None:
    """It goes, with nothing in hand."""
    await connection.execute(_SQL.forget, name)
