"""Executions that wait for their turn at the limits of policies, and what those limits have given away.

Whoever lets executions pass holds the policies' rows until the commit: of any number of executors one decides at a
time, on what the others have committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_core.policies.admission import Use
from attune_core.policies.spec import Limits, from_json

_SQL = queries.load("turns")

Bucket = tuple[int, str, str]
"""(policy, kind, key of the group)"""


@dataclass(frozen=True, slots=True)
class Place:
    """`state`: waiting or later. `seconds`: with the kind retry, until the next attempt."""

    execution: int
    policy: int
    kind: str
    step: int
    bucket: str
    state: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An execution at a limit. `is_last`: it starts when it has passed this one."""

    bucket: Bucket
    execution: int
    attempt: int
    token: str
    workflow_run: int | None
    is_last: bool


@dataclass(frozen=True, slots=True)
class Policy:
    id: int
    ref: str
    limits: Limits
    action_ref: str = ""


async def put(unit: Connection, places: Sequence[Place]) -> None:
    """Line up; an execution that has stood there before stands there anew."""
    if places:
        names = ("execution", "policy", "kind", "step", "bucket", "state", "seconds")
        await unit.execute(_SQL.put, *([getattr(place, name) for place in places] for name in names))


async def passed(connection: Connection, executions: Sequence[int]) -> set[int]:
    """Those that have passed all their limits."""
    return {row["id"] for row in await connection.fetch(_SQL.passed, list(executions))}


async def buckets(connection: Connection, after: Bucket, limit: int) -> list[Bucket]:
    """Where somebody waits, in order."""
    return [_bucket(row) for row in await connection.fetch(_SQL.buckets, *after, limit)]


async def given_back(unit: Connection, executions: Iterable[int]) -> set[Bucket]:
    """Remove the places of those that are not under way any more; where there is room now."""
    rows = await unit.fetch(_SQL.given_back, sorted(set(executions)))
    return {_bucket(row) for row in rows if row["state"] == "held"}


async def tidy(unit: Connection) -> int:
    """Remove what counts no more."""
    await unit.execute(_SQL.tidy_use)
    return await unit.execute(_SQL.tidy)


async def lock_policies(unit: Connection, ids: Iterable[int]) -> dict[int, Policy]:
    """Those that are enabled, locked until the transaction ends."""
    rows = await unit.fetch(_SQL.lock_policies, sorted(set(ids)))
    return {row["id"]: Policy(row["id"], row["ref"], from_json(row["limits"])) for row in rows}


async def use(unit: Connection, asked: Sequence[tuple[Bucket, float]]) -> dict[Bucket, Use]:
    """What each bucket has given away. `asked`: with the seconds over which a rate is counted."""
    rows = await unit.fetch(_SQL.use, *_columns([(*bucket, seconds) for bucket, seconds in asked], 4))
    return {_bucket(row): Use(row["taken"], row["free_in"]) for row in rows}


async def waiting(unit: Connection, asked: Sequence[tuple[Bucket, int]]) -> list[Waiting]:
    """The first so many of each bucket, in the order of their turn."""
    rows = await unit.fetch(_SQL.waiting, *_columns([(*bucket, most) for bucket, most in asked], 4))
    names = ("execution", "attempt", "token", "workflow_run", "is_last")
    return [Waiting(_bucket(row), *(row[name] for name in names)) for row in rows]


async def next_try(connection: Connection) -> float | None:
    """Seconds until somebody's next attempt is due."""
    seconds: float | None = await connection.fetchval(_SQL.next_try)
    return seconds


async def lock(unit: Connection, executions: Sequence[int]) -> list[int]:
    """Those that still wait and that nobody else has in hand, locked."""
    return [row["id"] for row in await unit.fetch(_SQL.lock, list(executions))]


async def hold(unit: Connection, places: Sequence[tuple[int, Bucket]]) -> None:
    """They have passed."""
    if places:
        columns = _columns([(execution, bucket[0], bucket[1]) for execution, bucket in places], 3)
        await unit.execute(_SQL.hold, *columns)


async def step_on(unit: Connection, executions: Sequence[int]) -> set[Bucket]:
    """They wait at their next limit; which ones these are."""
    return {_bucket(row) for row in await unit.fetch(_SQL.step_on, list(executions))} if executions else set()


async def note_use(unit: Connection, used: Sequence[tuple[int, str, int]]) -> None:
    """So many have passed the rate limit (policy, key)."""
    if used:
        await unit.execute(_SQL.note_use, *_columns(used, 3))


async def astray(connection: Connection, patience: float) -> list[int]:
    """Executions that wait and stand in no line. There should be none."""
    return [row["id"] for row in await connection.fetch(_SQL.astray, patience)]


async def book(connection: Connection) -> list[Policy]:
    """Every enabled policy."""
    rows = await connection.fetch(_SQL.book)
    return [Policy(row["id"], row["ref"], from_json(row["limits"]), row["action_ref"]) for row in rows]


async def retries(connection: Connection, executions: Iterable[int]) -> dict[tuple[int, int], int]:
    """How many retries policies have given: by (execution, tries of its run)."""
    rows = await connection.fetch(_SQL.retries, sorted(set(executions)))
    return {(row["execution"], row["tries"]): row["used"] for row in rows}


async def count_retries(unit: Connection, given: Sequence[tuple[int, int]]) -> None:
    """One more retry for each (execution, tries), which the engine does not count as one of its own."""
    if given:
        await unit.execute(_SQL.count_retries, *_columns(given, 2))
        await unit.execute(_SQL.not_counted, [execution for execution, _ in given])


def _bucket(row: Row) -> Bucket:
    return row["policy"], row["kind"], row["bucket"]


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(width)]
