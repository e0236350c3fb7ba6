"""An execution on its way: its action, its parameters against the action's schema, and the job for a worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attune_common.bus.topology import DEFAULT_POOL
from attune_common.contracts.execution import ExecutionRequested, ExecutionScheduled, JobLimits
from attune_common.runtime.random_ids import random_id
from attune_common.store.actions_lookup import Action, Pinned
from attune_common.store.executions import Execution
from attune_common.store.secrets import Owned
from attune_common.vault.errors import SecretsUnavailable
from attune_common.vault.parameters import seal_parameters
from attune_core.errors import AttuneError
from attune_core.execution.reports import is_claimed_first
from attune_core.expressions.markers import encode
from attune_core.model.names import pack_of
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.inputs import checked
from attune_executor import access, inquire
from attune_executor.batch import Batch
from attune_executor.caches import RunContext


async def resolve(batch: Batch, wanted: Iterable[Pinned], identities: Iterable[int | None] = ()) -> None:
    """Look up the actions that the batch has not looked up yet, and the rights of those who want to begin."""
    if unknown := set(wanted) - batch.actions.keys():
        batch.actions |= await batch.context.caches.actions.pinned(batch.unit, unknown, batch.registered)
    await access.learn(batch, identities)


def pinned(row: Execution) -> Pinned:
    """What to look up for the row."""
    return row.action_ref, row.pack_version


def pin_in(run: RunContext, action: str) -> int | None:
    """A run calls its own pack as it was when it began, whatever has been registered since."""
    return run.pack_version if pack_of(action) == run.pack_ref else None


def action_of(batch: Batch, row: Execution) -> Action | Outcome:
    """The row's action, whose version it keeps from now on; or why it cannot run at all."""
    action = runnable(batch.actions[pinned(row)], row.action_ref, began=row.pack_version is not None)
    if isinstance(action, Action) and row.pack_version is None and action.pack_version is not None:
        row.pack_version = action.pack_version
        batch.actions.setdefault(pinned(row), action)
    return action


def runnable(action: Action | None, ref: str, *, began: bool = False) -> Action | Outcome:
    """The action, or why it cannot run at all. What began before its pack was disabled comes to its end."""
    if action is None:
        hint = "register the pack that has it, or correct the ref"
        return Outcome.failed("action_not_found", f"there is no action {ref}", hint=hint)
    if not action.pack_enabled and not began:
        hint = f"attune pack enable {action.pack_ref}"
        return Outcome.failed("pack_disabled", f"the pack {action.pack_ref} of the action {ref} is disabled", hint=hint)
    if not action.enabled:
        return Outcome.failed("action_disabled", f"the action {ref} is disabled")
    return action


def ready(batch: Batch, row: Execution, parameters: Mapping[str, Any]) -> Outcome | None:
    """Give the row its parameters, with the schema's defaults, sealed where they are secret.

    Why the action cannot run with them, or not for the row's identity; None when it can.
    """
    row.parameters = dict(parameters)
    action = action_of(batch, row)
    if isinstance(action, Outcome):
        return action
    try:
        row.parameters, problems = checked(action.param_schema, parameters)
    except AttuneError as problem:
        return Outcome.failed("schema_error", f"the schema of {action.ref} cannot be used: {problem.message}")
    unsealed = _seal(batch, row, action)
    return unsealed or access.refusal(batch, row.identity, action) or _refused(action, row.parameters, problems)


def _seal(batch: Batch, row: Execution, action: Action) -> Outcome | None:
    if not action.has_secrets:
        return None
    try:
        row.parameters, sealed = seal_parameters(batch.context.vault, action.param_schema, row.parameters or {})
    except SecretsUnavailable as problem:
        row.parameters = {}
        return Outcome.failed(problem.code, f"{action.ref} has secret parameters: {problem.message}", hint=problem.hint)
    batch.sealed += [Owned(one, execution=row.root_id) for one in sealed]
    return None


def _refused(action: Action, parameters: Mapping[str, Any], problems: list[tuple[str, str]]) -> Outcome | None:
    if not problems:
        return inquire.problem(parameters) if action.runtime == inquire.RUNTIME else None
    told = "; ".join(f"{path or 'parameters'}: {message}" for path, message in problems[:5])
    details = [{"path": path, "message": message} for path, message in problems[:50]]
    return Outcome.failed("input_error", f"{action.ref} refuses its parameters: {told}", errors=details)


def send(batch: Batch, row: Execution, action: Action) -> None:
    """Put the row's current attempt on its way under a new token. `row.parameters` must be loaded."""
    row.is_workflow = action.is_workflow
    row.started_at, row.worker, row.token = None, None, None
    if action.is_workflow:
        row.status = ExecutionStatus.REQUESTED
        batch.emit(
            ExecutionRequested(
                execution_id=row.id, action_ref=row.action_ref, parent_id=row.parent, trace_id=row.trace_id
            )
        )
    else:
        row.token = new_token()
        if action.runtime == inquire.RUNTIME:
            inquire.ask(batch, row, action)
        else:
            row.status = ExecutionStatus.SCHEDULED
            pool = row.pool or action.spec.get("pool") or DEFAULT_POOL
            batch.pools.add(pool)
            batch.emit(_job(row, action, claim=is_claimed_first(row, idempotent=may_repeat(batch, action))), pool)
    batch.change(row)


def new_token() -> str:
    """A fencing token: whoever reports with another one reports of an attempt that is over."""
    return random_id()


def may_repeat(batch: Batch, action: Action) -> bool:
    """Whether the action, or a policy for it, says that running it twice does no harm."""
    return bool(action.spec.get("idempotent")) or action.ref in batch.context.policies.retry


def _job(row: Execution, action: Action, *, claim: bool) -> ExecutionScheduled:
    if row.timeout is None:
        row.timeout = action.spec.get("timeout")
    parameters, places = encode(row.parameters or {})
    return ExecutionScheduled(
        execution_id=row.id,
        attempt=row.attempt,
        token=row.token or "",
        action_ref=action.ref,
        pack_ref=action.pack_ref,
        pack_digest=action.pack_digest,
        runtime=action.runtime,
        entry_point=action.entry_point,
        spec=dict(action.spec),
        parameters=parameters,
        secrets=places,
        limits=JobLimits(timeout=row.timeout),
        workflow_execution_id=row.workflow_run,
        task_name=row.task_name,
        task_index=row.task_index,
        iteration=row.iteration,
        claim=claim,
        idempotency_key=f"attune-{row.id}",
        trace_id=row.trace_id,
        rule_ref=row.rule_ref,
        trigger_ref=row.trigger_ref,
    )
