"""What has to hold when a request's transactions begin: the thing is still as its caller has seen it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from attune_common.store import queries
from attune_common.store.connection import Connection

Check = Callable[[Connection], Awaitable[None]]

_SQL = queries.load("guard")
_check: ContextVar[Check | None] = ContextVar("attune_guard", default=None)


@contextmanager
def held(check: Check) -> Iterator[None]:
    """Every unit of work that begins inside runs `check` first; its errors end the unit."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


async def check(unit: Connection) -> None:
    current = _check.get()
    if current is not None:
        await current(unit)


async def locked(unit: Connection, kind: str, ref: str) -> datetime | None:
    """When the deployable was last changed; nobody changes it until the unit ends. None: there is none."""
    statement = {"pack": _SQL.pack, "workflow": _SQL.workflow, "rule": _SQL.rule}[kind]
    found: datetime | None = await unit.fetchval(statement, ref)
    return found
