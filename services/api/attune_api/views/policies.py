"""Policies as clients see them and send them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from attune_api.faults import fault
from attune_api.views.definitions import of
from attune_common.store.connection import Row
from attune_core.definition.limits import MAX_RETRIES, MAX_SECONDS
from attune_core.expressions.render import ExpressionError
from attune_core.model.policy import Backoff
from attune_core.packs.keys import MOST_AT_ONCE
from attune_core.policies.grouping import group, retried_error
from attune_core.policies.spec import OnLimit, Per

_STRICT = ConfigDict(extra="forbid")


def _grouping(template: str) -> str:
    """Errors: a validation error when it is no template over the parameters alone."""
    if "{{" not in template and "{%" not in template:
        hint = "write {{ parameters.NAME }}"
        raise fault(ExpressionError("it is no template over the parameters", code="no_template", hint=hint))
    try:
        group(template)
    except ExpressionError as problem:
        raise fault(problem) from problem
    return template


def _retrying(condition: str | bool | None) -> str | bool | None:
    try:
        if isinstance(condition, str):
            retried_error(condition)
    except ExpressionError as problem:
        raise fault(problem) from problem
    return condition


Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, strict=True)]


class Concurrency(BaseModel):
    """At most `limit` at once. `group_by`: a template over `parameters`."""

    model_config = _STRICT

    limit: int = Field(ge=1, le=MOST_AT_ONCE, strict=True)
    group_by: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_grouping)] | None = None
    on_limit: OnLimit = OnLimit.QUEUE


class RateLimit(Concurrency):
    """At most `limit` starts within any second, minute or hour."""

    per: Per


class Retry(BaseModel):
    """`count` further attempts; times in seconds. `on_error`: a condition over `error`."""

    model_config = _STRICT

    count: int = Field(ge=0, le=MAX_RETRIES, strict=True)
    delay: Seconds = 0
    backoff: Backoff = Backoff.CONSTANT
    max_delay: Seconds | None = None
    jitter: float = Field(0, ge=0, le=1, strict=True)
    on_error: Annotated[str | bool | None, AfterValidator(_retrying)] = None


class Limits(BaseModel):
    concurrency: Concurrency | None = None
    rate_limit: RateLimit | None = None
    retry: Retry | None = None


class Policy(BaseModel):
    """`pack_ref` is null for a policy made through the API."""

    ref: str
    pack_ref: str | None
    label: str
    description: str
    action: str
    concurrency: dict[str, Any] | None
    rate_limit: dict[str, Any] | None
    retry: dict[str, Any] | None
    enabled: bool
    created: datetime
    updated: datetime


class Line(BaseModel):
    """At a limit: how many run and how many wait. `limit`: concurrency, rate or retry. `next`: whose turn it is."""

    limit: str
    group: str
    running: int
    waiting: int
    next: int | None


class PolicyWithLines(Policy):
    """`lines`: the hundred longest."""

    lines: list[Line]


class WaitsFor(BaseModel):
    """What an execution of the status `scheduling` waits for. `due_at`: when its next attempt is due."""

    policy: str
    limit: str
    group: str
    position: int
    due_at: datetime | None


def policy(row: Row) -> Policy:
    return of(Policy, row, **_limits(row))


def with_lines(row: Row, lines: Iterable[Row]) -> PolicyWithLines:
    return of(PolicyWithLines, row, lines=[_line(line) for line in lines], **_limits(row))


def waits_for(row: Row) -> WaitsFor:
    values = {name: row[name] for name in ("policy", "position", "due_at")}
    return WaitsFor(limit=row["kind"], group=row["bucket"], **values)


def _limits(row: Row) -> dict[str, Any]:
    return {"action": row["action_ref"], **{name: row["limits"].get(name) for name in Limits.model_fields}}


def _line(row: Row) -> Line:
    values = {name: row[name] for name in ("running", "waiting", "next")}
    return Line(limit=row["kind"], group=row["bucket"], **values)
