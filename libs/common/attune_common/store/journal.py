"""The journal: one row per accepted signal. Replaying it gives the state again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, jsons
from attune_core.model.record import record

_SQL = queries.load("journal")


@record
class Entry:
    """`signal` without the task's result, which the execution's row has. `facts`: {now, kv}."""

    run: int
    revision: int
    signal: dict[str, Any]
    commands: list[Any]
    facts: dict[str, Any]


async def append(connection: Connection, entries: Sequence[Entry]) -> None:
    if entries:
        await connection.later(
            _SQL.append,
            [entry.run for entry in entries],
            [entry.revision for entry in entries],
            jsons(entry.signal for entry in entries),
            jsons(entry.commands for entry in entries),
            jsons(entry.facts for entry in entries),
        )
