"""Timers: rows that wake a run. Any executor takes due ones; PostgreSQL's clock decides what is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, jsons

_SQL = queries.load("timers")


@dataclass(frozen=True, slots=True)
class NewTimer:
    """Due `seconds` from the transaction's time; with `held` not before `release`."""

    seconds: float
    kind: str
    run: int | None
    target: dict[str, Any]
    held: bool = False


@dataclass(frozen=True, slots=True)
class Timer:
    id: int
    kind: str
    run: int | None
    target: dict[str, Any]


async def insert(connection: Connection, timers: Sequence[NewTimer]) -> None:
    if timers:
        await connection.later(
            _SQL.insert,
            [timer.seconds for timer in timers],
            [timer.kind for timer in timers],
            [timer.run for timer in timers],
            jsons(timer.target for timer in timers),
            [timer.held for timer in timers],
        )


async def due(connection: Connection, limit: int) -> list[Timer]:
    """What is due now, oldest first, not locked: the runs are locked before their timers.

    Timers of runs that an open incident has set aside are left.
    """
    return [_timer(row) for row in await connection.fetch(_SQL.due, limit)]


async def lock(connection: Connection, ids: Iterable[int]) -> list[Timer]:
    """Those that still stand, are not held and that nobody else has in hand."""
    return [_timer(row) for row in await connection.fetch(_SQL.lock, sorted(ids))]


async def next_due(connection: Connection) -> float | None:
    """Seconds until the next timer is due (below 0: overdue); None without timers."""
    seconds: float | None = await connection.fetchval(_SQL.next_due)
    return seconds


async def remove(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        await connection.execute(_SQL.remove, list(ids))


async def remove_of_runs(connection: Connection, runs: Iterable[int]) -> None:
    """All timers of runs that are over."""
    if ids := sorted(runs):
        await connection.later(_SQL.remove_of_runs, ids)


async def hold(connection: Connection, ids: Sequence[int]) -> None:
    """Keep due timers of a paused run until `release`."""
    if ids:
        await connection.execute(_SQL.hold, list(ids))


async def release(connection: Connection, runs: Iterable[int]) -> None:
    if ids := sorted(runs):
        await connection.execute(_SQL.release, ids)


def _timer(row: Any) -> Timer:
    return Timer(row["id"], row["kind"], row["workflow_run"], row["target"])
