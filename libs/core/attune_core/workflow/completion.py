"""After every signal: start what is ready, notice what is over, and end the run when nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attune_core.expressions.scope import FactsMissing
from attune_core.model import schema
from attune_core.model.status import ExecutionStatus
from attune_core.workflow import blocks, control
from attune_core.workflow.activation import needed, release
from attune_core.workflow.begin import begin
from attune_core.workflow.commands import FinishRun, SetTimer
from attune_core.workflow.draft import Draft, ErrorMap
from attune_core.workflow.problems import TaskProblem, render_kept
from attune_core.workflow.scope import scope_for
from attune_core.workflow.signals import TimerKind
from attune_core.workflow.state import FORCED, Stop, StopKind

BEGIN_AT_ONCE = 1_000
"""So many tasks begin in one decision, however many are ready, and fewer when their templates are dear.

The next decision follows at once.
"""

_ACTIVE = (ExecutionStatus.RUNNING, ExecutionStatus.WAITING)
_END = {
    StopKind.COMPLETE: ExecutionStatus.COMPLETED,
    StopKind.FAIL: ExecutionStatus.FAILED,
    StopKind.FAILURE: ExecutionStatus.FAILED,
    StopKind.CANCEL: ExecutionStatus.CANCELLED,
    StopKind.TIMEOUT: ExecutionStatus.TIMEOUT,
    StopKind.LIMIT: ExecutionStatus.FAILED,
}


def settle(draft: Draft) -> None:
    """Run the decision to its rest. Errors: FactsMissing."""
    while True:
        if draft.ended:
            _after(draft, draft.ended.pop(0))
        elif draft.ready and draft.may_start:
            if draft.begun >= BEGIN_AT_ONCE or draft.meter.low:
                _go_on_later(draft)
                return
            _begin_next(draft)
        elif not _rest(draft):
            return


def _begin_next(draft: Draft) -> None:
    """When it lacks facts, what the other ready tasks lack is asked for with them: the decision is made once more.

    Errors: FactsMissing.
    """
    draft.begun += 1
    try:
        begin(draft, draft.ready.pop(0))
    except FactsMissing as lacking:
        raise FactsMissing.together([lacking, *_lacking(draft)]) from lacking


def _lacking(draft: Draft) -> Iterator[FactsMissing]:
    """The draft is not kept, so whatever else goes wrong in it will be met again when nothing is missing."""
    for name in draft.ready[: BEGIN_AT_ONCE - draft.begun]:
        try:
            begin(draft, name)
        except FactsMissing as lacking:
            yield lacking
        except Exception:
            return


def _go_on_later(draft: Draft) -> None:
    """A loop of tasks without actions never rests: others have their turn in between."""
    draft.status = ExecutionStatus.RUNNING
    if not draft.going_on:
        draft.going_on = True
        draft.emit(SetTimer(TimerKind.REFILL, 0.0))


def _after(draft: Draft, name: str) -> None:
    blocks.child_ended(draft, name)
    if draft.stop is None:
        release(draft, name)
        for dependent in draft.graph.dependents.get(name, ()):
            release(draft, dependent)


def _rest(draft: Draft) -> bool:
    """Nothing can start. True when something was released, so that there is more to do."""
    if draft.status.is_final:
        return False
    if draft.live > 0:
        if draft.stop is not None and _drop_what_never_ran(draft, draft.stop):
            return True
        _show_status(draft)
        return False
    if draft.stop is not None:
        _end_stopped(draft, draft.stop)
        return False
    if draft.pausing and draft.ready:
        draft.status = ExecutionStatus.PAUSED
        return False
    return _end_quiet(draft)


def _drop_what_never_ran(draft: Draft, stop: Stop) -> bool:
    """A cancel has dropped what waits itself."""
    if stop.kind not in FORCED and control.drop_delayed(draft):
        return True
    return draft.live == draft.waiting and blocks.close_empty(draft)


def _show_status(draft: Draft) -> None:
    only_waits = draft.live == draft.waiting
    if draft.status in _ACTIVE:
        draft.status = ExecutionStatus.WAITING if only_waits else ExecutionStatus.RUNNING
    elif draft.pausing:
        draft.status = ExecutionStatus.PAUSED if only_waits else ExecutionStatus.PAUSING


def _end_quiet(draft: Draft) -> bool:
    """Nothing runs, nothing is ready: release what waits for tasks that will never come, else end."""
    waiting = [node.name for node in draft.graph.tasks.values() if node.depends_on]
    if any(release(draft, name, nothing_follows=True) for name in waiting):
        return True
    error = _unreachable_join(draft)
    if error is not None:
        _finish(draft, ExecutionStatus.FAILED, None, error)
    elif draft.failure is not None:
        _finish(draft, ExecutionStatus.FAILED, None, draft.failure)
    else:
        _complete(draft)
    return False


def _unreachable_join(draft: Draft) -> ErrorMap | None:
    for name, task in draft.tasks.items():
        if not task.fired:
            continue
        node = draft.node(name)
        missing = [source for source in node.sources if source not in task.fired]
        wanted = needed(node)
        message = f"task {name} waits for {wanted} of its sources, {', '.join(missing)} did not fire to it"
        error = {"type": "unreachable_join", "message": message, "task": name, "missing": missing}
        return error if draft.failure is None else {**error, "failure": dict(draft.failure)}
    return None


def _end_stopped(draft: Draft, stop: Stop) -> None:
    if stop.kind is StopKind.COMPLETE:
        _complete(draft)
    else:
        _finish(draft, _END[stop.kind], None, stop.error)


def _complete(draft: Draft) -> None:
    try:
        output = _output(draft)
    except TaskProblem as problem:
        _finish(draft, ExecutionStatus.FAILED, None, problem.error)
    else:
        _finish(draft, ExecutionStatus.COMPLETED, output, None)


def _output(draft: Draft) -> Any:
    graph = draft.graph
    if graph.output_map is None:
        return None
    output = render_kept(graph.output_map, scope_for(draft), "output_error", "output_map")
    if graph.output_schema:
        for path, message in schema.validate(dict(graph.output_schema), output):
            raise TaskProblem("output_error", f"output_map gave what the output schema refuses: {message}", path=path)
    return output


def _finish(draft: Draft, status: ExecutionStatus, output: Any, error: ErrorMap | None) -> None:
    draft.status = status
    draft.completed_at = draft.facts.now
    draft.failure = error
    draft.emit(FinishRun(status, output, error))
