"""/executions: start, look, read logs, cancel."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from attune_api import belongs
from attune_api.auth import Caller
from attune_api.context import Context, Shared
from attune_api.errors import Invalid, NotFound
from attune_api.names import REF, Id, IdFilter, RefFilter
from attune_api.paging import Cursor, Keyset, Limit, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.cancel_execution import cancel_execution
from attune_api.usecases.execute import Asked, execute
from attune_api.usecases.open_secrets import open_secrets
from attune_api.views import executions as views
from attune_common.store import execution_views
from attune_common.store.execution_views import Filter
from attune_core.model.status import ExecutionStatus

routes = router("/api/v1/executions", tag="executions")
_BY_ID = Keyset("executions", ("id",), (int,))
_LOGS = Keyset("logs", ("attempt", "seq"), (int, int))

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
    execution, is_new = await execute(shared.store, caller, asked, shared.vault)
    response.status_code = 202 if is_new else 200
    response.headers["Location"] = f"/api/v1/executions/{execution}"
    return await read(shared, execution)


@routes.get("", response_model=Page[views.ExecutionSummary], summary="List executions, newest first")
@declares(Permission.READ, scoped=True)
async def page(
    shared: Shared,
    caller: Caller,
    status: Annotated[ExecutionStatus | None, Query()] = None,
    action: RefFilter = None,
    parent: IdFilter = None,
    root: Annotated[bool, Query(description="Only executions without a parent.")] = False,
    rule: RefFilter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[views.ExecutionSummary]:
    after = _BY_ID.after(cursor)
    wanted = Filter(status.value if status else None, action, parent, root, rule, caller.packs(), caller.id)
    async with shared.store.connection() as connection:
        rows = await execution_views.page(connection, after[0] if after else None, wanted, limit + 1)
    shown, following = _BY_ID.page(rows, limit)
    return Page(items=[views.summary(row) for row in shown], next=following)


@routes.get("/{id}", response_model=views.Execution, summary="One execution with its result and attempts")
@declares(Permission.READ, refusals=(404,), of=belongs.execution)
async def one(shared: Shared, id: Id) -> views.Execution:
    return await read(shared, id)


@routes.get("/{id}/logs", response_model=Page[views.LogLine], summary="What its attempts have written, in order")
@declares(Permission.READ, refusals=(404,), of=belongs.execution)
async def logs(
    shared: Shared,
    id: Id,
    attempt: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: Cursor = None,
) -> Page[views.LogLine]:
    after = _LOGS.after(cursor) or [0, 0]
    if not all(0 <= place < 2**31 for place in after):
        raise Invalid.at("query.cursor", "this cursor is not of this list")
    async with shared.store.connection() as connection:
        if not await execution_views.exists(connection, id):
            raise NotFound(f"there is no execution {id}")
        rows = await execution_views.logs(connection, id, (after[0], after[1]), attempt, limit + 1)
    shown, following = _LOGS.page(rows, limit)
    return Page(items=[views.LogLine(**dict(row)) for row in shown], next=following)


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


async def read(shared: Context, execution: int) -> views.Execution:
    """Errors: NotFound."""
    async with shared.store.connection() as connection:
        row = await execution_views.get(connection, execution)
        if row is None:
            raise NotFound(f"there is no execution {execution}")
        return views.execution(row, await execution_views.attempts(connection, execution))


def one_key(header: str | None, body: str | None) -> str | None:
    """The idempotency key, wherever it stands. Errors: Invalid when two differ."""
    if header is not None and body is not None and header != body:
        raise Invalid.at("body.idempotency_key", "differs from the header Idempotency-Key")
    return header if header is not None else body
