"""/workflow-executions: watch runs, their tasks and journal; pause, resume, cancel, retry."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from attune_api import belongs, queries
from attune_api.auth import Caller
from attune_api.context import Context, Shared
from attune_api.errors import Conflict, Invalid, NotFound
from attune_api.names import Id
from attune_api.paging import Cursor, Keyset, Limit, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.runstate import see
from attune_api.usecases.control_run import Kind, control_run
from attune_api.views import runs as views
from attune_api.views import tasks as task_views
from attune_common.store import run_views
from attune_core.workflow.retry import RETRYABLE, has_more_to_do

routes = router("/api/v1/workflow-executions", tag="workflow executions")
_BY_ID = Keyset("workflow-executions", ("id",), (int,))
_TASKS = Keyset("tasks", ("task_name",), (str,))
_ITEMS = Keyset("items", ("iteration", "task_index"), (int, int))
_HISTORY = Keyset("history", ("revision",), (int,))
_NO_INDEX = 2**31 - 1


class Retry(BaseModel):
    """`tasks`: run these again (default: every failed one). `reset_items` false: only an iteration's failed items."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tasks: list[str] = Field(default_factory=list, max_length=1000)
    reset_items: bool = True


class Reason(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field("cancelled by request", max_length=500)


@routes.get("", response_model=Page[views.RunSummary], summary="List workflow executions, newest first")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[queries.Runs, Query()]) -> Page[views.RunSummary]:
    wanted = query.filter(caller)
    return await _BY_ID.listed(
        shared.store, query,
        lambda connection, before, most: run_views.page(connection, before, wanted, most),
        views.summary,
    )  # fmt: skip


@routes.get("/{id}", response_model=views.Run, summary="Get a workflow execution")
@declares(Permission.READ, refusals=(404,), of=belongs.run)
async def one(shared: Shared, id: Id) -> views.Run:
    return await read(shared, id)


@routes.get("/{id}/tasks", response_model=Page[task_views.Task], summary="List task executions")
@declares(Permission.READ, refusals=(404,), of=belongs.run)
async def tasks(shared: Shared, id: Id, query: Annotated[queries.Tasks, Query()]) -> Page[task_views.Task]:
    """One row per task that has started, iterations with counts. `?task=NAME`: one row per execution of that task,

    of an iteration its items in order; `&status=failed` finds the bad ones among many.
    """
    await _must_exist(shared, id)
    if query.task is not None:
        return await _task_executions(shared, id, query.task, query)
    if query.status is not None:
        raise Invalid.at("query.status", "this goes together with `task`")
    after, limit = _TASKS.after(query.cursor), query.limit
    async with shared.store.connection() as connection:
        rows = await run_views.tasks(connection, id, after[0] if after else None, limit + 1)
    shown, following = _TASKS.page(rows, limit)
    return Page(items=[task_views.task(id, row) for row in shown], next=following)


@routes.get("/{id}/history", response_model=Page[views.JournalEntry], summary="The journal: signals and decisions")
@declares(Permission.READ, refusals=(404,), of=belongs.run)
async def history(shared: Shared, id: Id, limit: Limit = 100, cursor: Cursor = None) -> Page[views.JournalEntry]:
    await _must_exist(shared, id)
    after = _HISTORY.after(cursor) or [-1]
    _check_small(after)
    async with shared.store.connection() as connection:
        rows = await run_views.history(connection, id, after[0], limit + 1)
    shown, following = _HISTORY.page(rows, limit)
    return Page(items=[views.journal_entry(row) for row in shown], next=following)


@routes.post("/{id}/pause", status_code=202, response_model=views.Run, summary="Pause a workflow")
@declares(Permission.RUN, refusals=(404, 409), of=belongs.run)
async def pause(shared: Shared, id: Id) -> views.Run:
    return await _control(shared, id, "pause", {})


@routes.post("/{id}/resume", status_code=202, response_model=views.Run, summary="Resume a paused workflow")
@declares(Permission.RUN, refusals=(404, 409), of=belongs.run)
async def resume(shared: Shared, id: Id) -> views.Run:
    return await _control(shared, id, "resume", {})


@routes.post("/{id}/cancel", status_code=202, response_model=views.Run, summary="Cancel a workflow")
@declares(Permission.RUN, refusals=(404, 409), of=belongs.run)
async def cancel(shared: Shared, id: Id, body: Reason | None = None) -> views.Run:
    return await _control(shared, id, "cancel", {"reason": body.reason} if body else {})


@routes.post("/{id}/retry", status_code=202, response_model=views.Run, summary="Retry a failed workflow")
@declares(Permission.RUN, refusals=(404, 409), of=belongs.run)
async def retry(shared: Shared, id: Id, body: Retry | None = None) -> views.Run:
    wanted = body or Retry()
    await _check_retry(shared, id, wanted.tasks)
    return await _control(shared, id, "retry", wanted.model_dump())


async def read(shared: Context, run: int) -> views.Run:
    """Errors: NotFound."""
    async with shared.store.connection() as connection:
        row = await run_views.get(connection, run)
    if row is None:
        raise _missing(run)
    return views.run(row)


async def _control(shared: Context, run: int, kind: Kind, detail: dict[str, Any]) -> views.Run:
    await control_run(shared.store, run, kind, detail)
    return await read(shared, run)


async def _task_executions(shared: Context, run: int, task: str, query: queries.Tasks) -> Page[task_views.Task]:
    after, limit = _ITEMS.after(query.cursor) or [0, -1], query.limit
    _check_small(after)
    async with shared.store.connection() as connection:
        rows = await run_views.task_executions(connection, run, task, (after[0], after[1]), limit + 1, query.statuses)
    keys = [{"iteration": row["iteration"], "task_index": _index(row["task_index"])} for row in rows]
    _, following = _ITEMS.page(keys, limit)
    return Page(items=[task_views.task_execution(run, row) for row in rows[:limit]], next=following)


def _index(index: int | None) -> int:
    """A task that is no iteration has one execution per pass: nothing of that pass follows it."""
    return _NO_INDEX if index is None else index


async def _check_retry(shared: Context, run: int, wanted: list[str]) -> None:
    """Errors: NotFound; Invalid for a task that is not there; Conflict when nothing would run."""
    async with shared.store.connection() as connection:
        seen = await see(connection, run)
    places = [
        {"path": f"body.tasks[{place}]", "message": f"the workflow has no task {name!r}", "hint": ""}
        for place, name in enumerate(wanted)
        if name not in seen.graph.tasks
    ]
    if places:
        raise Invalid(places[0]["message"], code="unknown_task", errors=places)
    state = seen.state
    if state.status in RETRYABLE and not has_more_to_do(seen.graph, state.tasks, state.ready, wanted):
        hint = "name the tasks that shall run again"
        raise Conflict("no task of this workflow execution has failed", code="nothing_to_retry", hint=hint)


async def _must_exist(shared: Context, run: int) -> None:
    async with shared.store.connection() as connection:
        if not await run_views.exists(connection, run):
            raise _missing(run)


def _missing(run: int) -> NotFound:
    return NotFound(f"there is no workflow execution {run}")


def _check_small(key: list[Any]) -> None:
    if not all(-1 <= place < 2**31 for place in key):
        raise Invalid.at("query.cursor", "this cursor is not of this list")
