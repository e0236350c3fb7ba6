"""What the database says when all is over, read past every proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from attune_common.store.connection import prepare
from attune_core.execution.reports import MAX_LOSSES
from tests.support import replay

_FINAL = "('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')"
_UNFINISHED = f"""
SELECT e.id, e.action_ref, e.status::text, e.attempt, e.losses, e.worker, e.token, e.workflow_run, e.task_name,
       e.is_workflow, e.cancel_requested, e.lease_until - now() AS lease, now() - e.updated AS idle
FROM attune.execution e WHERE e.status NOT IN {_FINAL} ORDER BY e.id
"""
_ROOTS = """
SELECT e.id, e.status::text, e.result, e.error, e.idempotency_key FROM attune.execution e WHERE e.id = ANY($1::bigint[])
"""
_LOSSES = """
SELECT e.id, a.attempt, a.worker, a.started_at, a.completed_at, e.action_ref
FROM attune.execution_attempt a JOIN attune.execution e ON e.id = a.execution WHERE a.status = 'abandoned'
UNION ALL
SELECT id, attempt, worker, started_at, completed_at, action_ref FROM attune.execution
WHERE error ->> 'type' = 'worker_lost' AND NOT is_workflow
"""
_GIVEN_UP = """
SELECT DISTINCT coalesce(root, id) AS root FROM attune.execution
WHERE error ->> 'type' = 'worker_lost' AND NOT is_workflow AND losses >= $1
"""
_LEFT = f"""
SELECT (SELECT count(*) FROM attune.outbox) AS outbox,
       (SELECT count(*) FROM attune.run_request WHERE NOT done) AS requests,
       (SELECT count(*) FROM attune.timer) AS timers,
       (SELECT count(*) FROM attune.workflow_run WHERE status NOT IN {_FINAL}) AS runs,
       (SELECT count(*) FROM attune.execution WHERE status NOT IN {_FINAL}) AS executions,
       (SELECT count(*) FROM attune.dead_letter) AS dead_letters
"""
_INCIDENTS = "SELECT kind, subject, detail ->> 'error' AS error FROM attune.incident ORDER BY id"
_EFFECTS = "SELECT id, status::text FROM attune.execution WHERE action_ref = ANY($1::text[]) ORDER BY id"
_PROGRESS = "SELECT extract(epoch FROM time)::float8 AS at FROM attune.journal ORDER BY time"
_STRANGERS = """
SELECT count(*) FROM attune.execution WHERE parent IS NULL AND NOT id = ANY($1::bigint[])
"""


class Rows:
    """Reads on one connection."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        rows: list[Any] = await self._session.fetch(query, *arguments)
        return rows

    async def unfinished(self) -> list[dict[str, Any]]:
        """Every execution that has not ended, children included."""
        return [dict(row) for row in await self.fetch(_UNFINISHED)]

    async def roots(self, ids: list[int]) -> dict[int, Any]:
        return {row["id"]: row for row in await self.fetch(_ROOTS, ids)}

    async def strangers(self, ids: list[int]) -> int:
        """Executions without a parent that the client was never told of: starts that count twice."""
        return int((await self.fetch(_STRANGERS, ids))[0]["count"])

    async def losses(self) -> list[Any]:
        """Attempts of which the platform says that their worker was lost."""
        return await self.fetch(_LOSSES)

    async def given_up(self) -> set[int]:
        """The roots of whatever lost so many workers that it was not sent again."""
        return {row["root"] for row in await self.fetch(_GIVEN_UP, MAX_LOSSES)}

    async def left(self) -> dict[str, int]:
        """What should be zero when everything has ended."""
        return dict((await self.fetch(_LEFT))[0])

    async def incidents(self) -> list[str]:
        return [f"{row['kind']} {row['subject']}: {row['error']}" for row in await self.fetch(_INCIDENTS)]

    async def statuses(self, actions: tuple[str, ...]) -> dict[int, str]:
        return {row["id"]: row["status"] for row in await self.fetch(_EFFECTS, list(actions))}

    async def progress(self) -> list[float]:
        """The moments (Unix time) of all decisions."""
        return [row["at"] for row in await self.fetch(_PROGRESS)]

    async def mismatches(self) -> list[str]:
        """What the journals give other than the rows say, over all runs."""
        found: list[str] = []
        for row in await self.fetch("SELECT id FROM attune.workflow_run ORDER BY id"):
            found += replay.replay(await replay.load(self, row["id"]))
        return found


@asynccontextmanager
async def rows(dsn: str) -> AsyncIterator[Rows]:
    """Reads for a block. Errors: OSError, those of asyncpg."""
    session: Any = await asyncpg.connect(dsn, timeout=60, command_timeout=600)
    try:
        await prepare(session)
        yield Rows(session)
    finally:
        await session.close(timeout=10)
