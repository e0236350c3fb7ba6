"""Executors over a real database and the memory bus (or another), with a worker that follows a script."""

from __future__ import annotations

from typing import Any

from tests.integration.executor.fake_worker import FakeWorker
from tests.support.waiting import patient, until

from attune_common.bus.bus import Bus
from attune_common.bus.memory import MemoryBus
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionRequested
from attune_common.contracts.workflow import RunRequested
from attune_common.outbox import Relay
from attune_common.runtime.settings import Settings
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.workflows import WorkflowRow
from attune_common.store.workflows import put as put_workflow
from attune_core.definition.compile import adjacency, compile_graph
from attune_core.definition.parse import parse_workflow
from attune_executor.app import Executor

FINAL = ("completed", "failed", "timeout", "cancelled", "abandoned", "skipped")
_PACK = """
WITH content AS (INSERT INTO attune.pack_content (digest, archive) VALUES ('d0', '') RETURNING digest)
INSERT INTO attune.pack (ref, label, version, digest, manifest, config)
SELECT 't', 't', '1.0.0', digest, '{}', '{"region": "north"}' FROM content RETURNING id
"""
_ACTION = """
INSERT INTO attune.action
  (ref, pack, pack_ref, label, runtime, entry_point, param_schema, spec, is_workflow, workflow_def)
VALUES ($1, $2, 't', $1, $3, 'f', $4, $5, $6, $7)
"""


class World:
    """`settings` may be changed before `start`."""

    def __init__(self, database_url: str, bus: Bus | None = None, **settings: Any) -> None:
        usual = {"sweep_seconds": 0.1, "outbox_stale_seconds": 0.2, "acquire_timeout": patient(4)}
        self.settings = Settings(database_url=database_url, **{**usual, **settings})
        self.store = Store(self.settings, source="attune/test")
        self.bus: Bus = bus or MemoryBus()
        self.relay = Relay(self.store, self.bus)
        self.worker = FakeWorker(self.bus)
        self.executors: list[Executor] = []
        self.pack = 0

    async def open(self) -> None:
        """The database, the bus and one pack with the actions `t.echo`, `t.safe` (idempotent) and `t.strict`."""
        await self.store.open()
        await self.bus.start()
        await self.relay.start()
        async with self.store.unit() as unit:
            self.pack = await unit.fetchval(_PACK)
            schema = {"type": "object", "properties": {"n": {"type": "integer"}, "unit": {"default": "s"}}}
            await unit.execute(_ACTION, "t.echo", self.pack, "native", None, {}, False, None)
            await unit.execute(_ACTION, "t.safe", self.pack, "native", None, {"idempotent": True}, False, None)
            await unit.execute(_ACTION, "t.strict", self.pack, "native", schema, {}, False, None)
            await unit.execute(_ACTION, "t.ask", self.pack, "inquiry", None, {}, False, None)

    async def start(self, executors: int = 1) -> None:
        await self.worker.start()
        for _ in range(executors):
            await self.add_executor()

    async def add_executor(self) -> Executor:
        executor = Executor(self.store, self.bus, self.settings)
        await executor.start()
        self.executors.append(executor)
        return executor

    async def close(self) -> None:
        for executor in self.executors:
            await executor.stop(5)
        await self.worker.stop()
        await self.relay.stop()
        await self.bus.stop()
        await self.store.close()

    async def define(self, text: str) -> str:
        """Register a workflow as the API does; its ref."""
        parsed = parse_workflow(text, "w.yaml")
        row = WorkflowRow(
            ref=parsed.ref,
            label=parsed.label,
            description=parsed.description,
            version=parsed.version,
            param_schema=parsed.parameters_schema,
            out_schema=parsed.output_schema,
            definition=parsed.definition,
            task_graph=adjacency(compile_graph(parsed.definition)),
            digest=parsed.digest,
            tags=parsed.tags,
        )
        async with self.store.unit() as unit:
            workflow = await put_workflow(unit, self.pack, "t", row)
            await unit.execute(_ACTION, parsed.ref, self.pack, "workflow", parsed.parameters_schema, {}, True, workflow)
        return parsed.ref

    async def request(self, action: str, parameters: dict[str, Any] | None = None, *, cancelled: bool = False) -> int:
        """Store an execution and ask for it; its id. `cancelled`: somebody has taken it back already."""
        async with self.store.unit() as unit:
            execution: int = await unit.fetchval(
                "INSERT INTO attune.execution (action_ref, parameters, trace_id, cancel_requested) "
                "VALUES ($1, $2, 'trace', $3) RETURNING id",
                action,
                parameters or {},
                cancelled,
            )
            unit.emit(ExecutionRequested(execution_id=execution, action_ref=action, trace_id="trace"))
        return execution

    async def ask(self, run: int, kind: str, detail: dict[str, Any] | None = None) -> None:
        """Pause, resume, cancel or retry a run as the API does."""
        async with self.store.unit() as unit:
            await unit.execute(
                "INSERT INTO attune.run_request (workflow_run, kind, detail) VALUES ($1, $2, $3)",
                run,
                kind,
                detail or {},
            )
            unit.emit(RunRequested.model_validate({"workflow_execution_id": run, "kind": kind}))

    async def event(self, trigger: str, payload: dict[str, Any], *, tell: bool = True, depth: int = 0) -> int:
        async with self.store.unit() as unit:
            event: int = await unit.fetchval(
                "INSERT INTO attune.event (trigger_ref, payload, trace_id, depth) "
                "VALUES ($1, $2, 'trace', $3) RETURNING id",
                trigger,
                payload,
                depth,
            )
            if tell:
                unit.emit(EventCreated(event_id=event, trigger_ref=trigger))
        return event

    async def rows(self, query: str, *arguments: Any) -> list[Row]:
        return await self.store.retrying(lambda unit: unit.fetch(query, *arguments))

    async def value(self, query: str, *arguments: Any) -> Any:
        return await self.store.retrying(lambda unit: unit.fetchval(query, *arguments))

    async def run_of(self, execution: int) -> int:
        """The id of the execution's run, once it has one."""
        query = "SELECT max(id) FROM attune.workflow_run WHERE execution = $1"
        found: int = await until(lambda: self.value(query, execution), describe="the run")
        return found

    async def status(self, execution: int) -> str:
        status: str = await self.value("SELECT status FROM attune.execution WHERE id = $1", execution)
        return status

    async def reaches(self, execution: int, *statuses: str, deadline: float = 15) -> Row:
        """The execution's row, once its status is one of these."""

        async def look() -> Row | None:
            row = (await self.rows("SELECT * FROM attune.execution WHERE id = $1", execution))[0]
            return row if row["status"] in statuses else None

        try:
            row: Row = await until(look, deadline, f"status {statuses} of execution {execution}")
        except TimeoutError as late:
            raise AssertionError(
                f"{late}; it is {await self.status(execution)}\n{await self.story(execution)}"
            ) from late
        return row

    async def ended(self, execution: int, deadline: float = 15) -> Row:
        return await self.reaches(execution, *FINAL, deadline=deadline)

    async def story(self, execution: int) -> str:
        """What there is to see of a run, for a test that fails."""
        lines = await self.rows(
            "SELECT r.id, r.status AS run, e.task_name, e.task_index, e.attempt, e.status, e.error "
            "FROM attune.workflow_run r LEFT JOIN attune.execution e ON e.workflow_run = r.id "
            "WHERE r.execution = $1 ORDER BY e.id LIMIT 50",
            execution,
        )
        incidents = await self.rows("SELECT kind, subject, detail FROM attune.incident")
        return "\n".join(str(dict(line.items())) for line in (*lines, *incidents))
