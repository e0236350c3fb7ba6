"""The one form that every notation of a workflow compiles to and that the engine routes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from attune_core.expressions.references import References
from attune_core.expressions.render import Condition, Value
from attune_core.model.policy import Backoff

DEFAULT_MAX_ITERATIONS = 10_000


class TaskKind(StrEnum):
    ACTION = "action"
    NOOP = "noop"
    PARALLEL = "parallel"


class RouteOn(StrEnum):
    """Which outcomes a route listens to. `handled` in the engine: at least one route for it fired."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"


class DependencyType(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    OPTIONAL = "optional"


class OnUnhandledFailure(StrEnum):
    STOP = "stop"
    CONTINUE = "continue"


class CancellationPolicy(StrEnum):
    CANCEL_RUNNING = "cancel_running"
    ALLOW_FINISH = "allow_finish"


@dataclass(frozen=True, slots=True)
class Publish:
    """Variables written in order; a later one sees the earlier ones."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Route:
    """A transition of a finished task.

    It is considered when the outcome is in `on` and, if present, `when` is true. `exclusive` routes
    (a `decision`) form one group per task: the first of the group whose `when` is true wins, the rest of
    the group is not considered. `label` names the key it came from (`on_success`, `decision[1]`, `next[0]`).
    `targets` may hold the reserved names `noop`, `fail`, `complete`.
    """

    on: frozenset[RouteOn]
    targets: tuple[str, ...]
    label: str
    when: Condition | None = None
    publish: tuple[Publish, ...] = ()
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """`count` retries after the first attempt; times in seconds; `jitter` is a fraction of the delay."""

    count: int
    delay: Value
    backoff: Backoff = Backoff.CONSTANT
    max_delay: float | None = None
    jitter: float = 0.0
    on_error: Condition | None = None


@dataclass(frozen=True, slots=True)
class Iteration:
    """`with_items` and its limits. `when_per_item`: the task's `when` names item or index."""

    items: Value
    batch_size: int | None = None
    concurrency: Value | None = None
    tolerate_count: int | None = None
    tolerate_percentage: float | None = None
    continue_on_failure: bool = False
    when_per_item: bool = False


@dataclass(frozen=True, slots=True)
class Dependency:
    task: str
    type: DependencyType = DependencyType.HARD


@dataclass(frozen=True, slots=True)
class TaskNode:
    """One task. `join` is None (each arrival activates), "all", or a number of sources.

    `sources` are the tasks with a transition to this one, in definition order, each once.
    `children` are the sub-tasks of a parallel block, `block` the block a sub-task belongs to.
    """

    name: str
    kind: TaskKind
    action: str | None = None
    input: Value | None = None
    when: Condition | None = None
    iteration: Iteration | None = None
    join: int | str | None = None
    sources: tuple[str, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    retry: Retry | None = None
    timeout: Value | None = None
    delay: Value | None = None
    publish: tuple[Publish, ...] = ()
    routes: tuple[Route, ...] = ()
    children: tuple[str, ...] = ()
    block: str | None = None
    fail_fast: bool = False
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """A compiled workflow. `tasks` keeps definition order and includes the sub-tasks of parallel blocks.

    `start` are the tasks with no source and no dependency (sub-tasks excluded). `dependents` maps a task to
    the tasks whose `depends_on` names it. `parameters_schema` and `output_schema` are JSON Schema 2020-12.
    `known_reads` remembers what `workflow.needs` has found out about it.
    """

    ref: str
    tasks: Mapping[str, TaskNode]
    start: tuple[str, ...]
    dependents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vars: Mapping[str, Value] = field(default_factory=dict)
    output_map: Value | None = None
    parameters_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    timeout: float | None = None
    on_unhandled_failure: OnUnhandledFailure = OnUnhandledFailure.STOP
    cancellation_policy: CancellationPolicy = CancellationPolicy.CANCEL_RUNNING
    max_iterations: int = DEFAULT_MAX_ITERATIONS
    known_reads: dict[tuple[str, bool], References] = field(default_factory=dict, compare=False, repr=False)
