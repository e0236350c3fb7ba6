"""What counts against limits of rates. Whoever asks waits for others that ask of the same key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("rates")


async def lock(unit: Connection, keys: Iterable[str]) -> dict[str, list[float]]:
    """The times (seconds since 1970) by key, oldest first; locked until the unit ends."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    await unit.execute(_SQL.ensure, wanted)
    return {row["key"]: row["times"] for row in await unit.fetch(_SQL.lock, wanted)}


async def put(unit: Connection, times: Mapping[str, Sequence[float]]) -> None:
    await unit.executemany(_SQL.put, [(key, list(of_key)) for key, of_key in sorted(times.items())])
