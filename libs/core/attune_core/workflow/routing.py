"""Which transitions a finished task fires, and what they publish. Planned whole before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any

from attune_core.definition.graph import Publish, Route, RouteOn, TaskKind, TaskNode
from attune_core.expressions.references import References
from attune_core.model.outcome import Outcome
from attune_core.model.record import record
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.draft import Draft
from attune_core.workflow.problems import TaskProblem, render_kept, test
from attune_core.workflow.scope import result_of, scope_for

FAIL, COMPLETE, NOOP = "fail", "complete", "noop"
RESERVED = frozenset({FAIL, COMPLETE, NOOP})

_ON = {
    OutcomeStatus.SUCCEEDED: RouteOn.SUCCEEDED,
    OutcomeStatus.FAILED: RouteOn.FAILED,
    OutcomeStatus.TIMED_OUT: RouteOn.TIMED_OUT,
    OutcomeStatus.SKIPPED: RouteOn.SKIPPED,
}


@record
class Plan:
    """`variables`: a copy, after all publishing; `targets` in firing order; `labels` of the routes that fired.

    `refused`: the other routes that were considered, and what their conditions gave.
    """

    variables: dict[str, Any]
    targets: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def fired(self) -> bool:
        return bool(self.labels)


def plan(draft: Draft, node: TaskNode, outcome: Outcome, refused: dict[str, str]) -> Plan:
    """`refused` is filled, also when this raises.

    Errors: TaskProblem (publish_error, condition_error); FactsMissing.
    """
    variables = dict(draft.vars)
    if outcome.status is OutcomeStatus.SUCCEEDED:
        _publish(draft, node, node.publish, outcome, variables)
    targets: list[str] = []
    labels: list[str] = []
    for route in _fired(draft, node, outcome, variables, refused):
        try:
            _publish(draft, node, route.publish, outcome, variables)
        except TaskProblem as problem:
            refused[route.label] = str(problem)
            raise
        targets.extend(route.targets)
        labels.append(route.label)
        refused.pop(route.label, None)
    return Plan(variables, tuple(targets), tuple(labels), refused)


def _fired(
    draft: Draft, node: TaskNode, outcome: Outcome, variables: Mapping[str, Any], refused: dict[str, str]
) -> Iterable[Route]:
    """Lazily, so that a later condition sees what an earlier entry published."""
    on = _ON.get(outcome.status)
    decided = False
    for route in node.routes:
        if on not in route.on or (route.exclusive and decided):
            continue
        if _holds(draft, node, route, outcome, variables, refused):
            decided = decided or route.exclusive
            yield route


def _holds(
    draft: Draft,
    node: TaskNode,
    route: Route,
    outcome: Outcome,
    variables: Mapping[str, Any],
    refused: dict[str, str],
) -> bool:
    if route.when is None:
        return True
    scope = scope_for(draft, outcome=_own(draft, node, outcome, route.when.reads), variables=variables)
    try:
        holds = test(route.when, scope, f"{node.name}.{route.label}.when")
    except TaskProblem as problem:
        refused[route.label] = str(problem)
        raise
    if not holds:
        refused[route.label] = "false"
    return holds


def _publish(
    draft: Draft,
    node: TaskNode,
    entries: tuple[Publish, ...],
    outcome: Outcome,
    variables: dict[str, Any],
) -> None:
    for entry in entries:
        own = _own(draft, node, outcome, entry.value.reads)
        scope = scope_for(draft, outcome=own, variables=variables)
        place = f"{node.name}.publish.{entry.name}"
        variables[entry.name] = render_kept(entry.value, scope, "publish_error", place)


def _own(draft: Draft, node: TaskNode, outcome: Outcome, reads: References) -> Outcome:
    """The outcome with its result: that of an iteration or a block is put together only when it is read."""
    composed = node.iteration is not None or node.kind is TaskKind.PARALLEL
    if not composed or not reads.uses_result:
        return outcome
    return replace(outcome, result=result_of(draft, node.name))
