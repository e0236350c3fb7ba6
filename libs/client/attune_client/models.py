"""The shapes of the API's answers. Fields that a newer server adds are simply there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

Statuses = str | Sequence[str]
"""Of one status, or of any of several."""


class ErrorInfo(TypedDict, total=False):
    """Why an execution or a task did not succeed."""

    type: str
    message: str


class Execution(TypedDict, total=False):
    """One unit of work. `workflow_execution` is the id of its run when the action is a workflow."""

    id: int
    action: str
    status: str
    attempt: int
    parent: int | None
    workflow_execution: int | None
    task_name: str | None
    task_index: int | None
    parameters: dict[str, Any]
    result: Any
    error: ErrorInfo | None
    worker: str | None
    incident: int | None
    created: str
    started_at: str | None
    completed_at: str | None


class Run(TypedDict, total=False):
    """A workflow execution."""

    id: int
    execution: int
    workflow_ref: str
    status: str
    variables: dict[str, Any]
    result: Any
    error: ErrorInfo | None
    error_message: str | None
    created: str
    completed_at: str | None


class Items(TypedDict, total=False):
    """How far an iteration is, in items."""

    total: int
    started: int
    live: int
    succeeded: int
    failed: int
    timed_out: int
    cancelled: int
    skipped: int


class Task(TypedDict, total=False):
    """A task of a run with its latest activation; `items` only for iterations.

    `child_workflow_execution` is the run of a subworkflow, `activations` counts the passes of a loop.
    """

    task_name: str
    task_index: int | None
    iteration: int | None
    status: str
    execution: int | None
    child_workflow_execution: int | None
    action: str | None
    attempt: int
    retry_count: int
    activations: int | None
    items: Items | None
    result: Any
    error: ErrorInfo | None
    worker: str | None
    created: str | None
    updated: str
    started_at: str | None
    completed_at: str | None
    duration: float | None


class Inquiry(TypedDict, total=False):
    id: int
    execution: int
    workflow_execution: int | None
    task_name: str | None
    task_index: int | None
    prompt: str
    schema: dict[str, Any] | None
    assigned_to: list[str]
    default: Any
    has_default: bool
    status: str
    response: Any
    responded_by: str | None
    timeout_at: str | None
    created: str
    closed: str | None


"""A question to people; `schema` is that of the answer."""


class Pack(TypedDict, total=False):
    """A registered pack."""

    ref: str
    label: str
    description: str
    version: str
    digest: str
    warnings: list[dict[str, Any]]


class Workflow(TypedDict, total=False):
    """A workflow's definition as registered."""

    ref: str
    label: str
    description: str
    version: str
    pack_ref: str
    tags: list[str]
    definition: dict[str, Any]


class LogEntry(TypedDict, total=False):
    """One line that an action wrote; of a workflow's task with where it stands."""

    execution: int
    task_name: str | None
    task_index: int | None
    attempt: int
    seq: int
    stream: str
    time: str
    line: str


class Event(TypedDict, total=False):
    """Something that happened outside: a trigger fired."""

    id: int
    trigger: str
    payload: dict[str, Any]
    created: str


class Rule(TypedDict, total=False):
    """What starts an action when a trigger fires."""

    ref: str
    label: str
    trigger: str
    action: str
    enabled: bool


class Enforcement(TypedDict, total=False):
    """One rule's verdict on one event; `execution` is what it started."""

    id: int
    rule: str
    event: int
    matched: bool
    reason: str
    execution: int | None


class KeyValue(TypedDict, total=False):
    """`version` changes with every change, and never comes back."""

    key: str
    value: Any
    version: int
    expires: str | None
    updated: str


class SecretInfo(TypedDict, total=False):
    """Everything but the value."""

    key: str
    description: str
    readers: list[str]
    version: int
    master_key: str
    created: str
    updated: str


class Rotation(TypedDict, total=False):
    """`next`: where to go on, None when it is done. `failed`: `{key, code, message}` of those that stay as they are."""

    master_key: str
    secrets: int
    wrapped_by: dict[str, int]
    failed: list[dict[str, str]]
    next: str | None


class WhoAmI(TypedDict, total=False):
    """`permissions`: everywhere; `packs`: beside them, on single packs."""

    login: str
    role: str
    kind: str
    permissions: list[str]
    packs: dict[str, list[str]]


class Token(TypedDict, total=False):
    """Never with its secret. `most` (a role) and `scopes` (permissions) cut the rights of its identity."""

    id: str
    login: str
    role: str
    kind: str
    label: str
    most: str | None
    scopes: list[str] | None
    expires: str | None
    revoked: str | None
    created: str


class NewToken(TypedDict, total=False):
    """`token` is shown this one time."""

    id: str
    token: str
    login: str
    role: str
    label: str
    expires: str | None
    created: str


class Identity(TypedDict, total=False):
    """`grants`: roles on packs, over the role everywhere."""

    login: str
    kind: str
    role: str
    label: str
    enabled: bool
    has_password: bool
    linked: bool
    grants: dict[str, str]
    created: str
    updated: str


class PackGrant(TypedDict, total=False):
    pack: str
    role: str
    created: str


class AuditEntry(TypedDict, total=False):
    """`outcome`: done, refused or failed. `position` and `hash`: its place in the chain."""

    id: int
    time: str
    login: str
    action: str
    subject: str
    outcome: str
    detail: dict[str, Any]
    request_id: str
    address: str
    position: int | None
    hash: str | None


class Verified(TypedDict, total=False):
    """`head`: the hash of the entry at `last`, worth keeping elsewhere."""

    ok: bool
    entries: int
    first: int | None
    last: int | None
    head: str | None
    broken: list[dict[str, Any]]
