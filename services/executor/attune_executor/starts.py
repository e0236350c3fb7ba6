"""Executions start: an action becomes a job, a workflow becomes a run with its first decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.store import runs
from attune_common.store.actions_lookup import Action
from attune_common.store.executions import Execution
from attune_common.store.runs import NewRun
from attune_core.definition.graph import Graph
from attune_core.errors import AttuneError
from attune_core.expressions.markers import holds_secret
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.signals import RunStarted
from attune_core.workflow.state import RunState
from attune_executor import dispatch, graphs, turns
from attune_executor.batch import Batch
from attune_executor.caches import Known, RunContext
from attune_executor.cancel import cancelled
from attune_executor.decide import settle
from attune_executor.finish import announce_status, finish_row
from attune_executor.load import in_hand
from attune_executor.prepare import load_parameters


@dataclass(frozen=True, slots=True)
class _Start:
    """A workflow execution that is about to become a run."""

    row: Execution
    action: Action
    graph: Graph


async def start_all(batch: Batch, rows: list[Execution]) -> None:
    """Rows in hand that are requested: each starts, lines up, or ends with why it cannot."""
    await dispatch.resolve(batch, {dispatch.pinned(row) for row in rows}, {row.identity for row in rows})
    await load_parameters(batch, rows)
    await turns.learn_passed(batch, rows)
    await _start_runs(batch, [start for row in rows if (start := _start(batch, row)) is not None])
    await settle(batch)


def _start(batch: Batch, row: Execution) -> tuple[Execution, Action] | None:
    """Send an action's job; give back what has to become a run."""
    if row.cancel_requested:
        _end(batch, row, cancelled("cancelled before it started"))
        return None
    action = dispatch.action_of(batch, row)
    if isinstance(action, Outcome):
        _end(batch, row, action)
        return None
    refused = dispatch.ready(batch, row, row.parameters or {})
    if refused is not None:
        _end(batch, row, refused)
        return None
    if action.is_workflow and (not action.policies or row.id in batch.passed):
        return row, action
    unable = turns.start(batch, row, action)
    if unable is not None:
        _end(batch, row, unable)
    return None


def _end(batch: Batch, row: Execution, outcome: Outcome) -> None:
    """A run's execution is finished by the run alone: it is told what a worker would have told."""
    if row.workflow_run is None:
        finish_row(batch, row, outcome)
        return
    row.token = row.token or dispatch.new_token()
    batch.change(row)
    batch.emit(
        ExecutionCompleted(
            execution_id=row.id,
            attempt=row.attempt,
            token=row.token,
            status="cancelled" if outcome.status is OutcomeStatus.CANCELLED else "failed",
            error=outcome.error,
            workflow_execution_id=row.workflow_run,
        )
    )


async def _start_runs(batch: Batch, wanted: list[tuple[Execution, Action]]) -> None:
    if not wanted:
        return
    found = await graphs.load(batch.unit, batch.context.caches, {action.version or "" for _, action in wanted})
    starts = []
    for row, action in wanted:
        graph = found[action.version or ""]
        problem = _too_deep(batch, row) or (_broken(graph) if isinstance(graph, AttuneError) else None)
        if problem is not None:
            _end(batch, row, problem)
        elif isinstance(graph, Graph):
            starts.append(_Start(row, action, graph))
    if starts:
        await _make_runs(batch, starts)


def _too_deep(batch: Batch, row: Execution) -> Outcome | None:
    limit = batch.context.settings.limits.workflow_depth
    if row.depth < limit:
        return None
    message = f"workflows are nested deeper than {limit}"
    return Outcome.failed("depth_limit", message, limit=limit, hint="does a workflow call itself?")


def _broken(problem: AttuneError) -> Outcome:
    return Outcome.failed(problem.code, f"the workflow cannot be started: {problem.message}")


async def _make_runs(batch: Batch, starts: list[_Start]) -> None:
    batch.run_ids.extend(await runs.allocate(batch.unit, max(0, len(starts) - len(batch.run_ids))))
    if unknown := [start.row for start in starts if start.row.id not in batch.origins]:
        batch.origins |= await runs.origins(batch.unit, [(row.id, row.identity, row.action_ref) for row in unknown])
    paused = await runs.paused(batch.unit, {s.row.workflow_run for s in starts if s.row.workflow_run is not None})
    for start in starts:
        row = start.row
        row.token, row.status, row.started_at = dispatch.new_token(), ExecutionStatus.RUNNING, batch.now
        row.is_workflow = True
        batch.change(row)
        announce_status(batch, row)
        origin = batch.origins[row.id]
        known = Known(_context(batch.run_ids.popleft(), start, origin["login"]), RunState())
        run = in_hand(known, start.graph, origin)
        run.new = _new_run(start, batch.now)
        batch.runs[run.id] = run
        run.tell(RunStarted(paused=row.workflow_run in paused, within=row.timeout))


def _new_run(start: _Start, now: datetime) -> NewRun:
    row, action = start.row, start.action
    return NewRun(row.id, row.attempt, action.ref, action.workflow_def, action.version or "", action.pack_ref, now)


def _context(id: int, start: _Start, login: str | None) -> RunContext:
    row, action = start.row, start.action
    return RunContext(
        id=id,
        execution=row.id,
        workflow_ref=action.ref,
        workflow_def=action.workflow_def,
        version=action.version or "",
        pack_ref=action.pack_ref,
        action_ref=action.ref,
        parameters=row.parameters or {},
        trace_id=row.trace_id,
        token=row.token,
        root=row.root_id,
        depth=row.depth,
        identity=row.identity,
        login=login,
        rule_ref=row.rule_ref,
        trigger_ref=row.trigger_ref,
        parent_run=row.workflow_run,
        task=row.task_name,
        iteration=row.iteration,
        index=row.task_index,
        sealed=holds_secret(row.parameters),
        pack_version=row.pack_version,
    )
