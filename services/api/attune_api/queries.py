"""What lists may be asked for: the query of each as a model, and the filter that it is for a caller."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator

from attune_api.auth import Principal
from attune_api.names import LOGIN, MAX_ID, NAME, PACK, REF, Digits, Moment
from attune_api.paging import MAX_LIMIT, Paging
from attune_common.store import audit, dead_letters, events, execution_views, incidents, inquiry_views, run_views
from attune_core.model.status import ExecutionStatus

TRACE = r"^[A-Za-z0-9-]{1,64}$"
MOST_STATUSES = 20

Status = TypeVar("Status", bound=str)

Id = Annotated[int, Digits, Field(ge=1, le=MAX_ID)]
RefText = Annotated[str, StringConstraints(pattern=REF, max_length=255)]
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=255)]
PackName = Annotated[str, StringConstraints(pattern=PACK, max_length=255)]
TraceId = Annotated[str, StringConstraints(pattern=TRACE)]
Login = Annotated[str, StringConstraints(pattern=LOGIN, max_length=100)]
Word = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]+$")]
Text = Annotated[str, StringConstraints(min_length=2, max_length=200, pattern=r"^[^\x00]*$")]


class Times(BaseModel):
    """Errors: a validation error when they leave nothing between them."""

    since: Moment | None = Field(None, description="At this time or later.")
    until: Moment | None = Field(None, description="Before this time.")

    @field_validator("until")
    @classmethod
    def _in_order(cls, until: datetime | None, before: ValidationInfo) -> datetime | None:
        since = before.data.get("since")
        if until is not None and since is not None and until <= since:
            raise ValueError("is not after `since`")
        return until


class Statuses(BaseModel, Generic[Status]):
    """Of every list of what has a status."""

    status: list[Status] | None = Field(
        None, min_length=1, max_length=MOST_STATUSES, description="In this status; given several times, in one of them."
    )

    @property
    def statuses(self) -> list[str] | None:
        return None if self.status is None else [str(status) for status in self.status]


class Executions(Statuses[ExecutionStatus], Times, Paging):
    action: RefText | None = None
    pack: PackName | None = Field(None, description="Of an action of this pack.")
    parent: Id | None = None
    root: bool = Field(False, description="Only executions without a parent.")
    rule: RefText | None = None
    trigger: RefText | None = None
    event: Id | None = None
    workflow_execution: Id | None = Field(None, description="Tasks of this run.")
    trace_id: TraceId | None = None
    identity: Login | None = Field(None, description="For whom they run.")
    q: Text | None = Field(
        None, description="Only those whose inputs hold this text, in any case. A page may be short: go on while "
        "there is `next`.",
    )  # fmt: skip

    def filter(self, caller: Principal) -> execution_views.Filter:
        """No more than the caller may see."""
        given = execution_views.Filter(
            self.statuses, self.action, self.parent, self.root, self.rule, pack=self.pack, trigger=self.trigger,
            event=self.event, run=self.workflow_execution, trace_id=self.trace_id, login=self.identity,
            since=self.since, until=self.until,
        )  # fmt: skip
        return replace(given, packs=caller.packs(), also=caller.id)


class Logs(Paging):
    tree: bool = Field(False, description="Of a workflow also the lines of its tasks.")
    attempt: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    stream: Literal["stdout", "stderr", "system"] | None = None
    tail: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="The last so many, in one page.")
    after: int = Field(0, ge=0, le=2**31 - 1, description="With `attempt`: what is behind this number.")
    limit: int = Field(200, ge=1, le=1000)


class LogEnds(Paging):
    limit: int = Field(200, ge=1, le=1000)


class ExecutionsOfWorkflow(Statuses[ExecutionStatus], Paging):
    def filter(self, workflow: str, caller: Principal) -> execution_views.Filter:
        return execution_views.Filter(self.statuses, workflow, packs=caller.packs(), also=caller.id)


class Runs(Statuses[ExecutionStatus], Times, Paging):
    execution: Id | None = None
    workflow: RefText | None = None
    pack: PackName | None = None
    trace_id: TraceId | None = None
    root: bool = Field(False, description="No subworkflows.")

    def filter(self, caller: Principal) -> run_views.Filter:
        return run_views.Filter(
            self.workflow, self.execution, self.statuses, caller.packs(), caller.id, self.pack, self.trace_id,
            self.root, self.since, self.until,
        )  # fmt: skip


class Tasks(Statuses[ExecutionStatus], Paging):
    """`status` goes together with `task`."""

    task: Name | None = Field(None, description="Page the executions of one task.")
    limit: int = Field(200, ge=1, le=MAX_LIMIT, description="How many items at most.")


class Events(Times, Paging):
    trigger: RefText | None = None
    pack: PackName | None = None
    trace_id: TraceId | None = None

    def filter(self) -> events.Filter:
        return events.Filter(self.trigger, self.pack, self.trace_id, self.since, self.until)


class Enforcements(Paging):
    event: Id | None = None
    rule: RefText | None = None
    matched: bool | None = None


class Inquiries(Statuses[Literal["pending", "responded", "timeout", "cancelled"]], Paging):
    execution: Id | None = None
    workflow_execution: Id | None = None
    assigned_to: Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00]+$")] | None = Field(
        None, description="A login or a role that may answer."
    )
    mine: bool = Field(False, description="Only those assigned to the caller or to its role.")

    def filter(self, caller: Principal) -> inquiry_views.Filter:
        names = () if caller.is_action else (caller.login, caller.role)
        return inquiry_views.Filter(
            self.statuses, self.execution, self.workflow_execution, self.assigned_to, names if self.mine else None,
            caller.packs(), names,
        )  # fmt: skip


class Incidents(Statuses[Literal["open", "resolved"]], Paging):
    kind: Literal["poison", "stuck_run"] | None = None
    workflow_execution: Id | None = None

    def filter(self, caller: Principal) -> incidents.Filter:
        wanted = set(self.statuses or ())
        is_open = "open" in wanted if len(wanted) == 1 else None
        return incidents.Filter(is_open, self.kind, self.workflow_execution, caller.packs(), caller.id)


class DeadLetters(Statuses[Literal["new", "replayed", "discarded"]], Paging):
    queue: Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00]+$")] | None = Field(
        None, description="Where it was refused."
    )
    incident: Id | None = None

    def filter(self) -> dead_letters.Filter:
        return dead_letters.Filter(self.statuses, self.queue, self.incident)


class Audit(Times, Paging):
    login: Word | None = None
    action: Word | None = Field(None, description="`secret` finds `secret.read`, `secret.put` and so on.")
    subject: Word | None = None
    outcome: Literal["done", "refused", "failed"] | None = None

    def filter(self) -> audit.Filter:
        return audit.Filter(self.login, self.action, self.subject, self.outcome, self.since, self.until)
