"""What a committed batch has done, for logs, metrics and traces. After the commit: what was undone is never told."""

from __future__ import annotations

from datetime import datetime

from attune_common.runtime import logging, metrics, tracing
from attune_common.runtime.redaction import hidden_text
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.workflow.state import Ended, TaskState
from attune_executor.batch import Batch, RunInHand
from attune_executor.context import SIGNALS

_LONG = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
STARTED = metrics.counter("workflow_executions_started_total", "Workflow executions that began", "workflow")
RUNS = metrics.counter("workflow_executions_total", "Workflow executions that ended", "workflow", "status")
RUN_TIME = metrics.histogram(
    "workflow_execution_duration_seconds", "From start to end of workflow executions", "workflow", buckets=_LONG
)
TASKS = metrics.counter("tasks_total", "Tasks of workflows that ended", "workflow", "status")
TASK_TIME = metrics.histogram(
    "task_execution_duration_seconds", "From start to end of tasks of workflows", "workflow", buckets=_LONG
)
RETRIES = metrics.counter("task_retries_total", "Attempts of tasks beyond the first", "workflow")
_LOGGER = "attune.workflow"
Lines = list[dict[str, object]]


def tell(batch: Batch) -> None:
    """Each run's changes. The names of its values are told, never the values: they may be anybody's secrets."""
    said: Lines | None = [] if logging.wanted() else None
    for run in batch.runs.values():
        if run.state is not run.base:
            SIGNALS.inc(len(run.entries))
            _tell(run, said)
    if said:
        logging.lines(_LOGGER, said)


def _tell(run: RunInHand, said: Lines | None) -> None:
    if run.base.status is ExecutionStatus.REQUESTED:
        STARTED.labels(run.context.workflow_ref).inc()
        _say(run, said, "workflow execution started")
    for name, before, task in run.moved:
        _tell_task(run, said, name, before, task)
    _tell_variables(run, said)
    if run.state.status.is_final and not run.base.status.is_final:
        _tell_end(run, said)


def _tell_task(run: RunInHand, said: Lines | None, name: str, before: TaskState, task: TaskState) -> None:
    if task.activations > before.activations:
        _say(run, said, "task scheduled", task=name, iteration=task.activations)
    attempt, earlier = _attempt(task), _attempt(before)
    if task.activations == before.activations and attempt > earlier:
        RETRIES.labels(run.context.workflow_ref).inc(attempt - earlier)
        _say(run, said, "task retried", task=name, attempt=attempt)
    if task.last is not None and task.last is not before.last:
        _tell_task_end(run, said, name, task.last)


def _attempt(task: TaskState) -> int:
    return task.current.attempt if task.current is not None else 0


def _tell_task_end(run: RunInHand, said: Lines | None, name: str, ended: Ended) -> None:
    workflow, seconds = run.context.workflow_ref, _seconds(ended.started_at, ended.completed_at)
    TASKS.labels(workflow, ended.status._value_).inc()
    TASK_TIME.labels(workflow).observe(seconds)
    good = ended.status in (OutcomeStatus.SUCCEEDED, OutcomeStatus.SKIPPED)
    tracing.task(run.context.trace_id, run.id, name, ended.iteration, (ended.started_at, ended.completed_at), good=good)
    more = {"error_type": hidden_text(str(ended.error.get("type")))} if not good and ended.error else {}
    word = "task completed" if good else "task failed"
    _say(run, said, word, task=name, status=ended.status._value_, duration=seconds, **more)


def _tell_variables(run: RunInHand, said: Lines | None) -> None:
    if said is None or run.state.vars is run.base.vars or not run.base.revision:
        return
    if changed := sorted(name for name, value in run.state.vars.items() if run.base.vars.get(name) != value):
        _say(run, said, "publishing variables", variables=changed)


def _tell_end(run: RunInHand, said: Lines | None) -> None:
    state, context = run.state, run.context
    seconds = _seconds(state.started_at, state.completed_at)
    RUNS.labels(context.workflow_ref, state.status.value).inc()
    RUN_TIME.labels(context.workflow_ref).observe(seconds)
    good = state.status is ExecutionStatus.COMPLETED
    word = "workflow execution completed" if good else "workflow execution failed"
    _say(run, said, word, status=state.status.value, duration=seconds)
    parent = None if context.parent_run is None else (context.parent_run, context.task or "", context.iteration or 1)
    times = (state.started_at, state.completed_at)
    tracing.run(context.trace_id, run.id, context.workflow_ref, times, parent, good=good)


def _seconds(started: datetime | None, completed: datetime | None) -> float:
    if started is None or completed is None:
        return 0.0
    return max(0.0, round((completed - started).total_seconds(), 6))


def _say(run: RunInHand, said: Lines | None, event: str, **more: object) -> None:
    """Nothing where lines of the level are not wanted at all."""
    if said is None:
        return
    context = run.context
    said.append(
        {
            "event": event,
            "workflow": context.workflow_ref,
            "workflow_execution": run.id,
            "execution": context.execution,
            "trace_id": context.trace_id,
            **more,
        }
    )
