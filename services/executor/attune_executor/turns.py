"""An execution starts, or lines up at the limits that policies set for its action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_common.store import turns
from attune_common.store.actions_lookup import Action
from attune_common.store.executions import Execution
from attune_common.store.turns import Place
from attune_core.expressions.render import ExpressionError
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus
from attune_core.policies.admission import Kind, steps
from attune_core.policies.grouping import key_of
from attune_executor import dispatch, inquire
from attune_executor.batch import Batch
from attune_executor.finish import announce_status


async def learn_passed(batch: Batch, rows: list[Execution]) -> None:
    """Workflows come back as requests when they have passed their limits: these do not line up again."""
    limited = {ref for (ref, _), action in batch.actions.items() if action and action.is_workflow and action.policies}
    asked = [row.id for row in rows if row.action_ref in limited]
    if asked:
        batch.passed |= await turns.passed(batch.unit, asked)


def start(batch: Batch, row: Execution, action: Action) -> Outcome | None:
    """Send it, or put it in line. `row.parameters` must be loaded. Why it cannot start; None when it can."""
    if not action.policies or row.id in batch.passed or action.runtime == inquire.RUNTIME:
        dispatch.send(batch, row, action)
        return None
    return line_up(batch, row, action)


def line_up(batch: Batch, row: Execution, action: Action, first: Place | None = None) -> Outcome | None:
    """`first`: where it waits before the limits. Its token makes its cancellation heard."""
    try:
        places = _places(row.id, action, row.parameters or {}, first)
    except ExpressionError as problem:
        message = f"a policy of {action.ref} cannot be applied: {problem.message}"
        return Outcome.failed("policy_error", message, hint=problem.hint)
    row.is_workflow, row.token = action.is_workflow, dispatch.new_token()
    row.status, row.worker, row.started_at = ExecutionStatus.SCHEDULING, None, None
    batch.places += places
    batch.change(row)
    announce_status(batch, row)
    return None


def _places(execution: int, action: Action, parameters: Mapping[str, Any], first: Place | None) -> list[Place]:
    """The line waits at the first place. Errors: ExpressionError."""
    limits = [
        Place(execution, step.policy, step.kind, number, key_of(step.group_by, parameters), "later")
        for number, step in enumerate(steps(action.policies), start=1)
    ]
    if first is not None:
        return [first, *limits]
    head = limits[0]
    return [Place(head.execution, head.policy, head.kind, head.step, head.bucket, "waiting"), *limits[1:]]


def until_next_try(execution: int, policy: int, seconds: float) -> Place:
    return Place(execution, policy, Kind.RETRY, 0, "", "waiting", seconds)
