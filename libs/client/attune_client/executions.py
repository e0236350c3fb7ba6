"""Executions, and the runs of those that are workflows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import quote

from attune_client.models import Execution, LogEntry, Run, Statuses, Task
from attune_client.transport import Transport, items_of

LogEntries = list[LogEntry]
Rows = list[dict[str, Any]]
_MOST_LINES = 1_000
"""Of one page, as the API allows."""


class Executions:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def start(
        self, action: str, parameters: dict[str, Any] | None = None, *, idempotency_key: str = ""
    ) -> Execution:
        """Start any action. The same key and body give the same execution again."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else None
        body = {"action": action, "parameters": parameters or {}}
        return cast(Execution, await self._transport.post("/executions", body, headers))

    async def schema(self, action: str) -> dict[str, Any] | None:
        """The JSON Schema of an action's (or a workflow's) parameters; None when it takes any."""
        found = await self._transport.get(f"/actions/{quote(action)}")
        return cast("dict[str, Any] | None", found.get("param_schema"))

    async def get(self, execution: int) -> Execution:
        return cast(Execution, await self._transport.get(f"/executions/{execution}"))

    async def list(self, *, limit: int = 50, **filters: Any) -> list[Execution]:
        """The newest first. `filters`: `status` (one, or a list of them), `action`, `pack`, `parent`, `rule`,
        `trigger`, `trace_id`, `since`, `until`, `q` and the others of `GET /executions`; None is any."""
        params = {"limit": limit, **filters}
        return cast("list[Execution]", items_of(await self._transport.get("/executions", params)))

    async def logs(
        self, execution: int, *, tree: bool = False, tail: int | None = None, attempt: int | None = None
    ) -> LogEntries:
        """What it wrote. `tree`: of a workflow also its tasks; `tail`: the last so many, up to 1,000."""
        asked = {"tree": str(tree).lower(), "tail": tail, "attempt": attempt, "limit": None if tail else _MOST_LINES}
        return [line async for line in self._transport.pages(f"/executions/{execution}/logs", asked)]

    def log_pages(
        self, execution: int, *, tree: bool = False, attempt: int | None = None, after: int = 0
    ) -> AsyncIterator[LogEntries]:
        """The same page by page, however long it is; with `attempt` only what is behind the number `after`."""
        asked = {"tree": str(tree).lower(), "attempt": attempt, "after": after or None, "limit": _MOST_LINES}
        return self._transport.paged(f"/executions/{execution}/logs", asked)

    async def log_ends(self, execution: int) -> Rows:
        """`{execution, attempt, seq}`: the last line of each attempt, of a workflow's tasks too."""
        asked = {"limit": _MOST_LINES}
        return [end async for end in self._transport.pages(f"/executions/{execution}/logs/ends", asked)]

    async def cancel(self, execution: int) -> Execution:
        return cast(Execution, await self._transport.post(f"/executions/{execution}/cancel"))


class Runs:
    """Workflow executions. `run` is the id of the run, which an execution gives as `workflow_execution`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, run: int) -> Run:
        return cast(Run, await self._transport.get(f"/workflow-executions/{run}"))

    async def of(self, execution: int) -> Run | None:
        """The run of an execution; None when it is no workflow or has not started."""
        page = await self._transport.get("/workflow-executions", {"execution": execution})
        found = items_of(page)
        return cast(Run, found[0]) if found else None

    async def tasks(self, run: int) -> list[Task]:
        return [task async for task in self._transport.pages(f"/workflow-executions/{run}/tasks")]

    async def graph(self, run: int) -> dict[str, Any]:
        return cast("dict[str, Any]", await self._transport.get(f"/workflow-executions/{run}/graph"))

    async def explain(self, run: int) -> dict[str, Any]:
        """Why it is where it is: `sentences`, each `{about, task, text}`."""
        return cast("dict[str, Any]", await self._transport.get(f"/workflow-executions/{run}/explain"))

    async def items(self, run: int, task: str, status: Statuses | None = None) -> AsyncIterator[Task]:
        """The executions of one task in order, page after page; of an iteration its items."""
        asked = {"task": task, "status": status}
        async for item in self._transport.pages(f"/workflow-executions/{run}/tasks", asked):
            yield item

    async def history(self, run: int) -> list[dict[str, Any]]:
        return [entry async for entry in self._transport.pages(f"/workflow-executions/{run}/history")]

    async def pause(self, run: int) -> Any:
        return await self._transport.post(f"/workflow-executions/{run}/pause")

    async def resume(self, run: int) -> Any:
        return await self._transport.post(f"/workflow-executions/{run}/resume")

    async def cancel(self, run: int) -> Any:
        return await self._transport.post(f"/workflow-executions/{run}/cancel")

    async def retry(self, run: int, tasks: list[str] | None = None, *, reset_items: bool = True) -> Any:
        """Go on from the failed tasks, or from those named. `reset_items` False: only failed items again."""
        body: dict[str, Any] = {"reset_items": reset_items}
        if tasks:
            body["tasks"] = tasks
        return await self._transport.post(f"/workflow-executions/{run}/retry", body)
