"""Rows that other services would have written, and the messages that wait in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from attune_common.contracts.base import Message
from attune_common.contracts.envelope import unpack
from attune_common.store.store import Store


@dataclass(frozen=True)
class Run:
    id: int
    execution: int


async def sent(store: Store) -> list[Message]:
    """Every message in the outbox, in order; no relay runs in these tests."""
    async with store.connection() as connection:
        rows = await connection.fetch("SELECT body FROM attune.outbox ORDER BY id")
    return [message for row in rows for message in unpack(row["body"])]


async def pack(store: Store, ref: str) -> None:
    """One that brings nothing."""
    sql = """WITH content AS (INSERT INTO attune.pack_content (digest, archive) VALUES ($1, '') RETURNING digest)
             INSERT INTO attune.pack (ref, label, version, digest, manifest)
             SELECT $1, $1, '1.0.0', digest, '{}' FROM content"""
    async with store.unit() as unit:
        await unit.execute(sql, ref)


async def execution(store: Store, **columns: Any) -> int:
    values = {"action_ref": "sample.echo", "trace_id": "t", "status": "running"} | columns
    names = ", ".join(values)
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    async with store.unit() as unit:
        made: int = await unit.fetchval(
            f"INSERT INTO attune.execution ({names}) VALUES ({places}) RETURNING id", *values.values()
        )
    return made


async def run(store: Store, status: str, parent: int | None = None) -> Run:
    """A run of `sample.hello`, which must be registered."""
    top = await execution(
        store, action_ref="sample.hello", is_workflow=True, parent=parent, parameters={"name": "Ada"}, status="running"
    )
    sql = """INSERT INTO attune.workflow_run
               (execution, workflow_ref, workflow_def, version, pack_ref, status, variables)
             SELECT $1, ref, id, digest, pack_ref, $2, '{"said": "hello Ada"}' FROM attune.workflow_definition
             WHERE ref = 'sample.hello' RETURNING id"""
    async with store.unit() as unit:
        return Run(await unit.fetchval(sql, top, status), top)


async def task(store: Store, run: Run, name: str, status: str, state: dict[str, Any]) -> None:
    sql = "INSERT INTO attune.workflow_task (workflow_run, task_name, status, state) VALUES ($1, $2, $3, $4)"
    async with store.unit() as unit:
        await unit.execute(sql, run.id, name, status, state)


async def journal(store: Store, run: Run, count: int) -> None:
    sql = "INSERT INTO attune.journal (workflow_run, revision, time, signal, commands) VALUES ($1, $2, now(), $3, $4)"
    async with store.unit() as unit:
        for revision in range(1, count + 1):
            await unit.execute(sql, run.id, revision, {"type": "RunStarted"}, [{"type": "RunAction"}])


async def logs(store: Store, execution: int, lines: dict[int, int]) -> None:
    """`lines`: attempt -> how many lines."""
    sql = "INSERT INTO attune.execution_log VALUES ($1, $2, $3, 'stdout', $4, $5)"
    async with store.unit() as unit:
        for attempt, count in lines.items():
            for seq in range(1, count + 1):
                await unit.execute(sql, execution, attempt, seq, datetime.now(UTC), f"line {seq}")


async def requests(store: Store, run: Run) -> list[tuple[str, dict[str, Any]]]:
    async with store.connection() as connection:
        rows = await connection.fetch(
            "SELECT kind, detail FROM attune.run_request WHERE workflow_run = $1 ORDER BY id", run.id
        )
    return [(row["kind"], row["detail"]) for row in rows]
