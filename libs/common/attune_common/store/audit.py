"""The audit trail: rows that are written with the change they tell of, chained by hash a moment later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from attune_common.runtime import json
from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("audit")
_LONGEST = 2_000
CHAIN_AT_ONCE = 5_000

Outcome = Literal["done", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """`action`: noun and verb, `secret.read`. `subject`: what it was done to. `detail`: never a value of a secret."""

    action: str
    subject: str = ""
    outcome: Outcome = "done"
    detail: Mapping[str, Any] = field(default_factory=dict)
    identity: int | None = None
    login: str = ""
    request_id: str = ""
    address: str = ""


@dataclass(slots=True)
class Acting:
    """Somebody's request: `entry` is written by the first unit of work that it commits."""

    entry: Entry
    written: bool = False

    def about(self, subject: str, **detail: Any) -> None:
        """Name what the request is about, where its address does not."""
        self.entry = replace(self.entry, subject=subject, detail={**self.entry.detail, **detail})


_acting: ContextVar[Acting | None] = ContextVar("attune_audit_acting", default=None)


@contextmanager
def acting(entry: Entry) -> Iterator[Acting]:
    """What is committed inside was done by the entry's identity."""
    current = Acting(entry)
    token = _acting.set(current)
    try:
        yield current
    finally:
        _acting.reset(token)


@contextmanager
def nobody() -> Iterator[None]:
    """What is committed inside is no part of the request: its entry waits for what is."""
    token = _acting.set(None)
    try:
        yield
    finally:
        _acting.reset(token)


def about(subject: str, **detail: Any) -> None:
    """Name what the request under way is about, where its address does not."""
    current = _acting.get()
    if current is not None:
        current.about(subject, **detail)


def refused(entry: Entry, code: str) -> Entry:
    """The same as something that was not allowed."""
    return replace(entry, outcome="refused", detail={**entry.detail, "code": code})


def failed(entry: Entry, code: str) -> Entry:
    """The same as something that was tried and did not work."""
    return replace(entry, outcome="failed", detail={**entry.detail, "code": code})


def due() -> Acting | None:
    """The request whose entry is not written yet."""
    current = _acting.get()
    return None if current is None or current.written else current


async def append(unit: Connection, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    plain = ("identity", "login", "action", "subject", "outcome")
    columns = [[_short(getattr(entry, name)) for entry in entries] for name in plain]
    details = [json.dumps(dict(entry.detail)).decode() for entry in entries]
    rest = [[_short(getattr(entry, name)) for entry in entries] for name in ("request_id", "address")]
    await unit.later(_SQL.append, *columns, details, *rest)


def _short(value: Any) -> Any:
    return value[:_LONGEST].replace("\0", "") if isinstance(value, str) else value


async def chain(unit: Connection) -> int:
    """Chain rows that are not yet; how many were (at most CHAIN_AT_ONCE)."""
    count: int = await unit.fetchval(_SQL.chain, CHAIN_AT_ONCE)
    return count


async def forget(unit: Connection, older_than: float, most: int) -> int:
    """Drop the oldest chained rows beyond an age in seconds; the trail keeps a row that says so."""
    count: int = await unit.fetchval(_SQL.forget, older_than, most)
    return count


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `action`: one, or all of a noun (`secret`)."""

    login: str | None = None
    action: str | None = None
    subject: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(connection: Connection, before: int | None, wanted: Filter, limit: int) -> list[Row]:
    """Newest first."""
    return await connection.fetch(
        _SQL.page, before, wanted.login, wanted.action, wanted.subject, wanted.outcome, wanted.since, wanted.until,
        limit,
    )  # fmt: skip


async def chained(connection: Connection, after: int, limit: int) -> list[Row]:
    """In the order of the chain, positions above `after`."""
    return await connection.fetch(_SQL.chained, after, limit)


async def ends(connection: Connection) -> Row:
    """first and last position (None without rows), rows, waiting to be chained."""
    row = await connection.fetchrow(_SQL.ends)
    assert row is not None
    return row


async def broken(connection: Connection, after: int, until: int, first: int) -> list[Row]:
    """Positions at which the chain does not hold, with what is wrong: changed, missing or relinked."""
    return await connection.fetch(_SQL.broken, after, until, first)


async def hash_at(connection: Connection, position: int) -> str | None:
    found: str | None = await connection.fetchval(_SQL.hash_at, position)
    return found


async def at(connection: Connection, position: int) -> Row | None:
    """id and previous (hex)."""
    return await connection.fetchrow(_SQL.at, position)


async def told_forgotten(connection: Connection, position: int, hash: str) -> bool:
    """Whether the trail itself says that retention dropped everything up to this entry."""
    told: bool = await connection.fetchval(_SQL.told_forgotten, position, hash)
    return told


def row_hash(row: Mapping[str, Any], previous: str) -> str:
    """What the database computes, for trails that were exported. `row`: as `chained` gives it."""
    time: datetime = row["time"].astimezone(UTC)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    texts = [row["position"], row["id"], moment, "" if row["identity"] is None else row["identity"]]
    texts += [row[name] for name in ("login", "action", "subject", "outcome", "detail", "request_id", "address")]
    encoded = [str(text).encode() for text in texts]
    joined = b",".join(f"{len(text)}:".encode() + text for text in encoded)
    return hashlib.sha256(bytes.fromhex(previous) + joined).hexdigest()
