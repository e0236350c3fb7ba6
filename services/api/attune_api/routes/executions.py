"""/executions: start, look, read logs, cancel."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api import belongs, queries, searching
from attune_api.auth import Caller
from attune_api.context import Context, Shared
from attune_api.errors import Invalid, NotFound
from attune_api.names import REF, Id
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.cancel_execution import cancel_execution
from attune_api.usecases.execute import Asked, Started
from attune_api.usecases.open_secrets import open_secrets
from attune_api.views import executions as views
from attune_common.store import execution_views, log_views, policies
from attune_common.store.log_views import Lines

routes = router("/api/v1/executions", tag="executions")
_LOGS = Keyset("logs", ("execution", "attempt", "seq"), (int, int, int))
_ENDS = Keyset("log_ends", ("execution", "attempt"), (int, int))

IDEMPOTENCY = r"^[\x21-\x7e]+$"
IdempotencyHeader = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, pattern=IDEMPOTENCY)]


class Start(BaseModel):
    """`idempotency_key`: the same key and the same request start once; also as the header Idempotency-Key."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: str = Field(pattern=REF, max_length=255)
    parameters: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: str | None = Field(None, max_length=200, pattern=IDEMPOTENCY)


@routes.post("", status_code=202, response_model=views.Execution, summary="Start an execution",
             responses={200: {"model": views.Execution, "description": "Started before with this key"}})  # fmt: skip
@declares(Permission.RUN, refusals=(404, 409), scoped=True)
async def start(
    shared: Shared, caller: Caller, body: Start, response: Response, key: IdempotencyHeader = None
) -> views.Execution:
    asked = Asked(body.action, body.parameters, one_key(key, body.idempotency_key))
    await shared.admission.check()
    return await answer(shared, await shared.starts.start(caller, asked), response)


@routes.get("", response_model=Page[views.ExecutionSummary], summary="List executions, newest first")
@declares(Permission.READ, scoped=True)
async def page(
    shared: Shared, caller: Caller, query: Annotated[queries.Executions, Query()]
) -> Page[views.ExecutionSummary]:
    async with shared.store.connection() as connection:
        shown, following = await searching.page(connection, query.filter(caller), query.q, query.cursor, query.limit)
    return Page(items=[views.summary(row) for row in shown], next=following)


@routes.get("/{id}", response_model=views.Execution, summary="One execution with its result and attempts")
@declares(Permission.READ, refusals=(404,), of=belongs.execution)
async def one(shared: Shared, id: Id) -> views.Execution:
    return await read(shared, id)


@routes.get("/{id}/logs", response_model=Page[views.LogLine], summary="What its attempts have written")
@declares(Permission.READ, refusals=(404,), of=belongs.execution)
async def logs(
    shared: Shared,
    id: Id,
    query: Annotated[queries.Logs, Query()],
) -> Page[views.LogLine]:
    """In the order of executions, attempts and numbers; with `tail` in the order of time."""
    if query.after and query.attempt is None:
        raise Invalid.at("query.after", "needs `attempt`: numbers begin anew with each")
    of, limit = Lines(id, query.tree, query.attempt, query.stream), query.limit
    after = _LOGS.after(query.cursor) or [id, query.attempt or 0, query.after]
    if not all(0 <= place < 2**31 for place in after[1:]):
        raise Invalid.at("query.cursor", "this cursor is not of this list")
    async with shared.store.connection() as connection:
        if not await execution_views.exists(connection, id):
            raise NotFound(f"there is no execution {id}")
        if query.tail is not None:
            last = await log_views.tail(connection, of, query.tail)
            return Page(items=[views.LogLine(**dict(row)) for row in last])
        rows = await log_views.lines(connection, of, (after[0], after[1], after[2]), limit + 1)
    shown, following = _LOGS.page(rows, limit)
    return Page(items=[views.LogLine(**dict(row)) for row in shown], next=following)


@routes.get("/{id}/logs/ends", response_model=Page[views.LogEnd], summary="How far its attempts have written")
@declares(Permission.READ, refusals=(404,), of=belongs.execution)
async def log_ends(shared: Shared, id: Id, query: Annotated[queries.LogEnds, Query()]) -> Page[views.LogEnd]:
    """Of a workflow its tasks' too. Who has read up to there has missed nothing."""
    after, limit = _ENDS.after(query.cursor) or [0, 0], query.limit
    if not 0 <= after[1] < 2**31:
        raise Invalid.at("query.cursor", "this cursor is not of this list")
    async with shared.store.connection() as connection:
        if not await execution_views.exists(connection, id):
            raise NotFound(f"there is no execution {id}")
        rows = await log_views.ends(connection, id, (after[0], after[1]), limit + 1)
    shown, following = _ENDS.page(rows, limit)
    return Page(items=[views.LogEnd(**dict(row)) for row in shown], next=following)


@routes.post("/{id}/cancel", status_code=202, response_model=views.Execution, summary="Cancel an execution")
@declares(Permission.RUN, refusals=(404, 409), of=belongs.execution)
async def cancel(shared: Shared, id: Id) -> views.Execution:
    await cancel_execution(shared.store, id)
    return await read(shared, id)


@routes.post("/{id}/secrets", response_model=views.OpenedSecrets, summary="Open an attempt's own secrets")
@declares(Permission.OPEN, refusals=(404, 409), audit="secret.read")
async def secrets(shared: Shared, caller: Caller, id: Id) -> views.OpenedSecrets:
    """Only with the token of the execution's current attempt: for the worker, right before it runs the action."""
    opened = await open_secrets(shared, caller, id)
    values = [views.OpenedValue(path=place, value=value) for place, value in opened.values]
    return views.OpenedSecrets(values=values, hide=opened.hide)


async def answer(shared: Context, started: Started, response: Response) -> views.Execution:
    """What was just stored is known; what was started before is read."""
    response.status_code = 202 if started.is_new else 200
    if not started.is_new:
        response.headers["Idempotent-Replay"] = "true"
    response.headers["Location"] = f"/api/v1/executions/{started.id}"
    return await read(shared, started.id) if started.row is None else views.execution(started.row, ())


async def read(shared: Context, execution: int) -> views.Execution:
    """Errors: NotFound."""
    async with shared.store.connection(by_key=True) as connection:
        row = await execution_views.get(connection, execution)
        if row is None:
            raise NotFound(f"there is no execution {execution}")
        before = await execution_views.attempts(connection, execution) if row["attempt"] > 1 else ()
        waiting = await policies.waits_for(connection, [execution]) if row["status"] == "scheduling" else {}
        return views.execution(row, before, waiting.get(execution))


def one_key(header: str | None, body: str | None) -> str | None:
    """The idempotency key, wherever it stands. Errors: Invalid when two differ."""
    if header is not None and body is not None and header != body:
        raise Invalid.at("body.idempotency_key", "differs from the header Idempotency-Key")
    return header if header is not None else body
