"""/packs/{ref}/workflows and /workflows: manage definitions, start them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from attune_api import belongs, jsonbody, queries
from attune_api.auth import Caller
from attune_api.context import Context, Shared
from attune_api.errors import BadRequest, Invalid, NotFound, problem_place
from attune_api.names import Ref
from attune_api.paging import Keyset, Page, Paging
from attune_api.permissions import Permission
from attune_api.routes.executions import IDEMPOTENCY, IdempotencyHeader, answer, one_key
from attune_api.routing import JSON, declares, media_type, router
from attune_api.usecases.execute import Asked
from attune_api.usecases.save_workflow import (
    Source,
    create_workflow,
    delete_workflow,
    from_json,
    from_text,
    update_workflow,
)
from attune_api.views import executions as execution_models
from attune_api.views.definitions import Finding, Workflow, WorkflowSaved, WorkflowSummary, of
from attune_common.store import execution_views, packs, workflows
from attune_common.store.connection import Connection, Row
from attune_core.definition.parse import ParsedWorkflow

routes = router("/api/v1", tag="workflows")
_BY_REF = Keyset("workflows", ("ref",), (str,))
_REPEATED = {"model": execution_models.Execution, "description": "Started before with this key"}
_EXECUTIONS = Keyset("workflow-starts", ("id",), (int,))
_MEDIA = ("application/yaml", "application/x-yaml", "text/yaml", "text/plain", JSON)


class Definition(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    definition: dict[str, Any]


class Start(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    parameters: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: str | None = Field(None, max_length=200, pattern=IDEMPOTENCY)


@routes.post("/packs/{ref}/workflows", status_code=201, response_model=WorkflowSaved, summary="Create workflow")
@declares(Permission.AUTHOR, refusals=(404, 409), media=_MEDIA, of=belongs.by_ref(), once=True)
async def create(shared: Shared, ref: Ref, request: Request, response: Response) -> WorkflowSaved:
    """The definition as YAML text, or as JSON `{"definition": {...}}`."""
    parsed = await create_workflow(shared.store, ref, await _source(request))
    response.headers["Location"] = f"/api/v1/workflows/{parsed.ref}"
    return await _saved(shared, parsed)


@routes.get("/packs/{ref}/workflows", response_model=Page[WorkflowSummary], summary="List workflows")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref())
async def of_pack(shared: Shared, ref: Ref, query: Annotated[Paging, Query()]) -> Page[WorkflowSummary]:
    async def fetch(connection: Connection, after: str | None, most: int) -> list[Row]:
        if not await packs.exists(connection, ref):
            raise NotFound(f"there is no pack {ref!r}")
        return await workflows.page(connection, after, ref, most)

    return await _BY_REF.listed(shared.store, query, fetch, lambda row: of(WorkflowSummary, row))


@routes.get("/workflows", response_model=Page[WorkflowSummary], summary="List the workflows of all packs")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[Paging, Query()]) -> Page[WorkflowSummary]:
    seen = caller.packs(library=True)
    return await _BY_REF.listed(
        shared.store, query,
        lambda connection, after, most: workflows.page(connection, after, None, most, seen),
        lambda row: of(WorkflowSummary, row),
    )  # fmt: skip


@routes.get("/workflows/{ref}", response_model=Workflow, summary="Get workflow")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref(), tagged="workflow")
async def one(shared: Shared, ref: Ref) -> Workflow:
    return await _read(shared, ref)


@routes.put("/workflows/{ref}", response_model=WorkflowSaved, summary="Update workflow")
@declares(Permission.AUTHOR, refusals=(404, 409), media=_MEDIA, of=belongs.by_ref(), tagged="workflow")
async def update(shared: Shared, ref: Ref, request: Request) -> WorkflowSaved:
    """Runs in flight keep the definition they started with."""
    return await _saved(shared, await update_workflow(shared.store, ref, await _source(request)))


@routes.delete("/workflows/{ref}", status_code=204, response_class=Response, summary="Delete workflow")
@declares(Permission.AUTHOR, refusals=(404, 409), of=belongs.by_ref(), tagged="workflow")
async def delete(shared: Shared, ref: Ref) -> None:
    await delete_workflow(shared.store, ref)


@routes.post("/workflows/{ref}/execute", status_code=202, response_model=execution_models.Execution,
             summary="Execute workflow directly",
             responses={200: _REPEATED})  # fmt: skip
@declares(Permission.RUN, refusals=(404, 409), of=belongs.by_ref())
async def start(
    shared: Shared, caller: Caller, ref: Ref, response: Response, body: Start | None = None,
    key: IdempotencyHeader = None,
) -> execution_models.Execution:  # fmt: skip
    given = body or Start()
    asked = Asked(ref, given.parameters, one_key(key, given.idempotency_key), workflow_only=True)
    await shared.admission.check()
    return await answer(shared, await shared.starts.start(caller, asked), response)


@routes.get("/workflows/{ref}/executions", response_model=Page[execution_models.ExecutionSummary],
            summary="List executions")  # fmt: skip
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref())
async def executions(
    shared: Shared, caller: Caller, ref: Ref, query: Annotated[queries.ExecutionsOfWorkflow, Query()]
) -> Page[execution_models.ExecutionSummary]:
    async def fetch(connection: Connection, before: int | None, most: int) -> list[Row]:
        if await workflows.get(connection, ref) is None:
            raise NotFound(f"there is no workflow {ref!r}")
        return await execution_views.page(connection, before, query.filter(ref, caller), most)

    return await _EXECUTIONS.listed(shared.store, query, fetch, execution_models.summary)


async def _source(request: Request) -> Source:
    body = await request.body()
    if not body.strip():
        raise BadRequest("the body is empty", hint="send the workflow's YAML")
    if media_type(request) != JSON:
        return from_text(body)
    try:
        return from_json(Definition.model_validate(jsonbody.parse(body)).definition)
    except ValidationError as problem:
        first = problem.errors()[0]
        path = ".".join(["body", *map(str, first["loc"])])
        raise Invalid.at(path, first["msg"], hint='send {"definition": {...}}') from problem


async def _saved(shared: Context, parsed: ParsedWorkflow) -> WorkflowSaved:
    warnings = [Finding(**problem_place(problem)) for problem in parsed.warnings]
    workflow = await _read(shared, parsed.ref)
    return WorkflowSaved(**workflow.model_dump(), warnings=warnings)


async def _read(shared: Context, ref: str) -> Workflow:
    async with shared.store.connection() as connection:
        row = await workflows.get(connection, ref)
    if row is None:
        raise NotFound(f"there is no workflow {ref!r}")
    return of(Workflow, row)
