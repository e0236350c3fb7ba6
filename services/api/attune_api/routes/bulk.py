"""/executions/cancel and /workflow-executions/cancel|retry: for many at once, chosen by a filter."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from attune_api.auth import Caller, Principal
from attune_api.context import Shared
from attune_api.names import LOGIN, MAX_ID, PACK, REF, Moment
from attune_api.permissions import Permission
from attune_api.queries import TRACE
from attune_api.routing import declares, router
from attune_api.usecases import cancel_execution, control_run
from attune_api.usecases.in_bulk import Report, for_each
from attune_common.store import audit, bulk
from attune_common.store.bulk import Choice
from attune_common.store.unit import Unit
from attune_core.model.status import ExecutionStatus

routes = router("/api/v1", tag="bulk")
MOST = 1_000
Id = Annotated[int, Field(ge=1, le=MAX_ID, strict=True)]
_LIVE = [status.value for status in ExecutionStatus if not status.is_final]
_RETRYABLE = ["failed", "timeout", "cancelled"]


class Filter(BaseModel):
    """What is given must all hold; at least one thing has to be given."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Id] | None = Field(None, min_length=1, max_length=MOST)
    status: list[ExecutionStatus] | None = Field(None, min_length=1, max_length=20)
    action: str | None = Field(None, pattern=REF, max_length=255)
    pack: str | None = Field(None, pattern=PACK, max_length=255)
    rule: str | None = Field(None, pattern=REF, max_length=255)
    trigger: str | None = Field(None, pattern=REF, max_length=255)
    event: Id | None = None
    parent: Id | None = None
    trace_id: str | None = Field(None, pattern=TRACE)
    identity: str | None = Field(None, pattern=LOGIN, max_length=100)
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Filter:
        if not self.model_dump(exclude_none=True):
            raise ValueError("give at least one condition")
        return self


class RunFilter(Filter):
    """`workflow`: what `action` is too, by the name that the list has for it."""

    workflow: str | None = Field(None, pattern=REF, max_length=255)

    @model_validator(mode="after")
    def _names_it_once(self) -> RunFilter:
        if self.workflow is not None and self.action not in (None, self.workflow):
            raise ValueError("`workflow` and `action` are one thing here: give one of them")
        return self


class Many(BaseModel):
    """`limit`: how many at most. `dry_run`: only tell which they would be."""

    model_config = ConfigDict(extra="forbid")

    filter: Filter
    limit: int = Field(200, ge=1, le=MOST, strict=True)
    dry_run: bool = Field(False, strict=True)


class ManyRuns(Many):
    filter: RunFilter


class CancelMany(ManyRuns):
    reason: str = Field("cancelled by request", max_length=500)


class RetryMany(ManyRuns):
    """`reset_items` false: of iterations only the failed items."""

    reset_items: bool = Field(True, strict=True)


class Refused(BaseModel):
    id: int
    code: str
    message: str


class Outcome(BaseModel):
    """`matched`: chosen this time; `done`: ids for which it was asked; `more`: others match, ask again."""

    matched: int
    done: list[int]
    refused: list[Refused]
    more: bool
    dry_run: bool


@routes.post("/executions/cancel", status_code=202, response_model=Outcome, summary="Cancel many executions")
@declares(Permission.RUN, scoped=True, once=True, audit="executions.cancel_many")
async def cancel(shared: Shared, caller: Caller, body: Many) -> Outcome:
    """Those that have not ended and belong to no workflow, unless they are named; the newest first."""

    async def work(unit: Unit, id: int) -> None:
        await cancel_execution.request(unit, id)

    return await _each(shared, caller, body, bulk.executions, _LIVE, work)


@routes.post("/workflow-executions/cancel", status_code=202, response_model=Outcome, summary="Cancel many workflows")
@declares(Permission.RUN, scoped=True, once=True, audit="workflow_executions.cancel_many")
async def cancel_runs(shared: Shared, caller: Caller, body: CancelMany) -> Outcome:
    """Workflow executions that have not ended and are no subworkflows; the newest first."""

    async def work(unit: Unit, id: int) -> None:
        await control_run.request(unit, id, "cancel", {"reason": body.reason})

    return await _each(shared, caller, body, bulk.runs, _LIVE, work)


@routes.post("/workflow-executions/retry", status_code=202, response_model=Outcome, summary="Retry many workflows")
@declares(Permission.RUN, scoped=True, once=True, audit="workflow_executions.retry_many")
async def retry(shared: Shared, caller: Caller, body: RetryMany) -> Outcome:
    """Workflow executions that have failed, ran out of time or were cancelled: their failed tasks run again."""

    async def work(unit: Unit, id: int) -> None:
        await control_run.request(unit, id, "retry", {"tasks": [], "reset_items": body.reset_items})

    return await _each(shared, caller, body, bulk.runs, _RETRYABLE, work)


async def _each(
    shared: Shared, caller: Principal, body: Many, choose: bulk.Choose, statuses: list[str], work: Any
) -> Outcome:
    wanted = [status.value for status in body.filter.status or ()] or statuses
    given = body.filter.model_dump(exclude={"status", "workflow"})
    given["action"] = given["action"] or getattr(body.filter, "workflow", None)
    choice = Choice(**given, statuses=wanted, packs=caller.rights.packs_with(Permission.RUN), also=caller.id)
    async with shared.store.connection() as connection:
        chosen = await choose(connection, choice, body.limit + 1)
    ids, more = chosen[: body.limit], len(chosen) > body.limit
    audit.about("", filter=body.filter.model_dump(mode="json", exclude_none=True), matched=len(ids))
    if body.dry_run:
        return Outcome(matched=len(ids), done=ids, refused=[], more=more, dry_run=True)
    return _outcome(ids, await for_each(shared.store, ids, work), more=more)


def _outcome(ids: list[int], report: Report, *, more: bool) -> Outcome:
    refused = [Refused(id=id, code=error.code, message=error.message) for id, error in report.refused]
    return Outcome(matched=len(ids), done=report.done, refused=refused, more=more, dry_run=False)
