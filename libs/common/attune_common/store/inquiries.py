"""Questions that executions wait with for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import JSON_NULL, Connection, Row, jsons

_SQL = queries.load("inquiries")


@dataclass(frozen=True, slots=True)
class NewInquiry:
    """`token`: that of the execution's attempt. `default` counts when `has_default`. `seconds` None: no end."""

    execution: int
    token: str
    prompt: str
    schema: Mapping[str, Any] | None
    assigned_to: Sequence[str]
    default: Any
    has_default: bool
    seconds: float | None


async def insert(connection: Connection, new: Sequence[NewInquiry]) -> dict[int, Row]:
    """Open inquiries; id and timeout_at of each by its execution."""
    if not new:
        return {}
    rows = await connection.fetch(
        _SQL.insert,
        [each.execution for each in new],
        [each.token for each in new],
        [each.prompt for each in new],
        jsons(each.schema for each in new),
        jsons(list(each.assigned_to) for each in new),
        [_default(each) for each in new],
        [each.seconds for each in new],
    )
    return {row["execution"]: row for row in rows}


def _default(new: NewInquiry) -> Any:
    """JSON's null is a default too."""
    if not new.has_default:
        return None
    return JSON_NULL if new.default is None else jsons([new.default])[0]


async def close(connection: Connection, executions: Sequence[int], status: str) -> dict[int, Row]:
    """End pending inquiries (`timeout`, `cancelled`): id, default_response, has_default of each by its execution."""
    if not executions:
        return {}
    rows = await connection.fetch(_SQL.close, list(executions), status)
    return {row["execution"]: row for row in rows}


async def answers(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """id, execution, token, response, workflow_run of those that are answered and not yet told to their execution."""
    return await connection.fetch(_SQL.answers, list(ids))


async def told(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        await connection.execute(_SQL.told, list(ids))


async def untold(connection: Connection, older_than: float) -> list[tuple[int, int | None]]:
    """(inquiry, run) of answers that nobody took to their execution for `older_than` seconds."""
    rows = await connection.fetch(_SQL.untold, older_than)
    return [(row["id"], row["workflow_run"]) for row in rows]


async def lock(connection: Connection, inquiry: int) -> Row | None:
    """The inquiry for an answer. `late`: its time is over, though nobody may have closed it yet.

    The time of a run that is paused stands still.
    """
    return await connection.fetchrow(_SQL.lock, inquiry)


async def respond(connection: Connection, inquiry: int, response: Any, identity: int | None) -> None:
    await connection.execute(_SQL.respond, inquiry, JSON_NULL if response is None else response, identity)
