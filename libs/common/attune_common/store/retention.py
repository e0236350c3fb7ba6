"""Removing what is too old, a portion at a time. Nothing that is not over is ever removed."""

from __future__ import annotations

from collections.abc import Sequence

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("retention")
_DESCENDANTS_AT_ONCE = 2_000


async def alone(unit: Connection) -> bool:
    """Whether nobody else removes anything until the unit ends."""
    return bool(await unit.fetchval(_SQL.alone))


async def old_executions(connection: Connection, seconds: float, most: int) -> list[int]:
    """Ids of executions without a parent that ended so long ago."""
    return [row["id"] for row in await connection.fetch(_SQL.old_executions, seconds, most)]


async def executions(unit: Connection, seconds: float, most: int) -> int:
    """Executions with everything of theirs: runs, tasks, items, history, inquiries, logs. The deepest go first."""
    roots = await old_executions(unit, seconds, most)
    if not roots:
        return 0
    below = [row["id"] for row in await unit.fetch(_SQL.descendants, roots, _DESCENDANTS_AT_ONCE)]
    return await _remove(unit, below or roots)


async def _remove(unit: Connection, ids: Sequence[int]) -> int:
    await unit.execute(_SQL.logs_of, list(ids))
    return await unit.execute(_SQL.remove, list(ids))


async def logs(unit: Connection, seconds: float, most: int) -> int:
    """Lines of executions that are over."""
    return await unit.execute(_SQL.logs, seconds, most)


async def events(unit: Connection, seconds: float, most: int) -> int:
    """Events that rules have looked at, with their verdicts."""
    return await unit.execute(_SQL.events, seconds, most)


async def journal(unit: Connection, seconds: float, most: int) -> int:
    """Histories of workflow executions that are over."""
    return await unit.execute(_SQL.journal, seconds, most)


async def audit(unit: Connection, seconds: float, most: int) -> int:
    """The beginning of the audit trail; the trail says so itself."""
    return int(await unit.fetchval(_SQL.audit, seconds, most) or 0)
