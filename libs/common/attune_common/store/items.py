"""The list of an iteration in chunks of CHUNK items, written once and read by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, jsons

CHUNK = 100
_SQL = queries.load("items")

ChunkKey = tuple[int, str, int, int]
"""(run, task, iteration, first index); the first index is a multiple of CHUNK."""


@dataclass(frozen=True, slots=True)
class ItemList:
    run: int
    task: str
    iteration: int
    items: Sequence[Any]


async def insert(connection: Connection, lists: Sequence[ItemList]) -> None:
    chunks = [
        (items.run, items.task, items.iteration, first, list(items.items[first : first + CHUNK]))
        for items in lists
        for first in range(0, len(items.items), CHUNK)
    ]
    if chunks:
        runs, tasks, iterations, firsts, values = zip(*chunks, strict=True)
        await connection.later(_SQL.insert, list(runs), list(tasks), list(iterations), list(firsts), jsons(values))


async def fetch(connection: Connection, keys: Sequence[ChunkKey]) -> dict[ChunkKey, list[Any]]:
    """The items of each chunk that exists."""
    columns = [[key[place] for key in keys] for place in range(4)]
    rows = await connection.glimpse(_SQL.fetch, *columns)
    if len(rows) < len(keys):
        rows = await connection.look(_SQL.fetch, *columns)
    return {(row["workflow_run"], row["task_name"], row["iteration"], row["first_index"]): row["items"] for row in rows}


def chunk_keys(run: int, task: str, iteration: int, first: int, count: int) -> list[ChunkKey]:
    """The chunks that hold `count` items from `first` on."""
    start = first - first % CHUNK
    return [(run, task, iteration, place) for place in range(start, first + max(count, 1), CHUNK)]
