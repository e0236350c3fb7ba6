"""Questions that executions wait with for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, jsons
from attune_common.store.executions import Execution

_SQL = queries.load("inquiries")


async def insert(connection: Connection, rows: Sequence[Execution]) -> None:
    """Open the inquiries of executions whose parameters hold prompt, schema, assigned_to, timeout, default."""
    if rows:
        asked = [row.parameters or {} for row in rows]
        seconds = [_seconds(parameters.get("timeout")) for parameters in asked]
        await connection.execute(_SQL.insert, [row.id for row in rows], jsons(asked), seconds)


async def close(connection: Connection, executions: Sequence[int], status: str) -> dict[int, Any]:
    """End pending inquiries (`timeout`, `cancelled`); their default answers by execution."""
    rows = await connection.fetch(_SQL.close, list(executions), status)
    return {row["execution"]: row["default_response"] for row in rows}


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
