"""What packs bring, as clients see it: packs, actions, workflows, triggers, rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from attune_common.store.connection import Row

Model = TypeVar("Model", bound=BaseModel)


class Finding(BaseModel):
    """Something worth knowing about a file; not an error."""

    path: str
    message: str
    hint: str
    code: str
    severity: str
    file: str
    line: int
    column: int


class PackSummary(BaseModel):
    """`digest` is that of the pack's files."""

    ref: str
    label: str
    description: str
    version: str
    digest: str
    enabled: bool
    archived: datetime | None
    created: datetime
    updated: datetime


class Pack(PackSummary):
    """`config` are the values that `conf_schema` describes (secret ones masked), `config_set` those that somebody set.

    The others are of the file for `environment` (`config_file`), or defaults. `source`: where the pack came from.
    """

    manifest: dict[str, Any]
    conf_schema: dict[str, Any] | None
    config: dict[str, Any]
    config_set: list[str]
    config_file: list[str]
    environment: str
    source: dict[str, Any]
    actions: list[str]
    workflows: list[str]
    triggers: list[str]
    rules: list[str]


class Registered(Pack):
    """`outcome`: created, updated, downgraded or unchanged."""

    outcome: str
    warnings: list[Finding]


class PackVersion(BaseModel):
    """A version that was registered; `digest` is that of its files."""

    version: str
    digest: str
    registered: datetime
    source: dict[str, Any]
    current: bool


class PackVersions(BaseModel):
    items: list[PackVersion]


class Action(BaseModel):
    ref: str
    pack_ref: str
    label: str
    description: str
    runtime: str
    entry_point: str
    param_schema: dict[str, Any] | None
    out_schema: dict[str, Any] | None
    spec: dict[str, Any]
    is_workflow: bool
    workflow_def: int | None
    enabled: bool
    created: datetime
    updated: datetime


class WorkflowSummary(BaseModel):
    """`digest` is that of the definition."""

    id: int
    ref: str
    pack_ref: str
    label: str
    description: str | None
    version: str
    tags: list[str]
    param_schema: dict[str, Any] | None
    out_schema: dict[str, Any] | None
    digest: str
    enabled: bool
    created: datetime
    updated: datetime


class Workflow(WorkflowSummary):
    """`definition` is the file as data, as it was written."""

    definition: dict[str, Any]


class WorkflowSaved(Workflow):
    warnings: list[Finding]


class Trigger(BaseModel):
    """`webhook_key` is the last part of the webhook's address. Secrets in `spec` are masked."""

    ref: str
    pack_ref: str
    label: str
    description: str
    kind: str
    param_schema: dict[str, Any] | None
    payload_schema: dict[str, Any] | None
    spec: dict[str, Any]
    webhook_key: str | None
    enabled: bool
    created: datetime
    updated: datetime


class TriggerTimer(BaseModel):
    """When a trigger fires next. `rule`: for this rule alone; null: the trigger's own. `due_at` null: never again."""

    rule: str | None
    spec: dict[str, Any]
    due_at: datetime | None
    problem: str | None


class TriggerWithTimers(Trigger):
    """`timers`: the first hundred; none but for a trigger of kind timer."""

    timers: list[TriggerTimer]


class Rule(BaseModel):
    """`pack_ref` is null for a rule made through the API."""

    ref: str
    pack_ref: str | None
    label: str
    description: str
    trigger: str
    trigger_parameters: dict[str, Any]
    criteria: Any
    when: Any
    action: str
    parameters: dict[str, Any]
    rate_limit: dict[str, Any] | None
    owner: str | None
    enabled: bool
    created: datetime
    updated: datetime


def of(model: type[Model], row: Row, **more: Any) -> Model:
    """The view of a row whose columns have the fields' names, `more` winning."""
    values = {name: row[name] for name in model.model_fields if name not in more}
    return model(**values, **more)
