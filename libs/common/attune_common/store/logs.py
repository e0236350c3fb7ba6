"""Lines that attempts have written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("logs")

Line = tuple[int, int, int, str, datetime, str]
"""(execution, attempt, seq, stream, time, text)"""


async def insert(connection: Connection, lines: Sequence[Line]) -> int:
    """Store the lines that are not stored yet; how many those were."""
    if not lines:
        return 0
    return await connection.execute(_SQL.insert, *([line[place] for line in lines] for place in range(6)))
