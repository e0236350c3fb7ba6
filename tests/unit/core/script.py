"""Stories as YAML: given a workflow, when these signals, then these commands.

A step is a map with one signal key (`start`, `succeed`, `fail`, `time_out`, `cancelled`, `timer`, `suspend`,
`unsuspend`, `pause`, `resume`, `cancel`, `retry`, `limit`) and what must hold after it: `then` (commands in the
short form of `short`), `status`, `vars`, `output`, `error`, `input` (task -> parameters), `tasks` (task -> shown
status), `fired` (ended task -> labels of its routes), `refused` (ended task -> label -> what its condition gave),
`counts` (iterating task -> its counters).
An ended task says with `seconds` how long it ran. Task names take an item's index as `name[3]` and a pass as `name/2`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.rehearsal.memory import MemoryRun as World
from attune_core.workflow import commands, signals
from attune_core.workflow.codec import task_status
from attune_core.workflow.signals import Signal, TaskKey, TimerKind

_KEY = re.compile(r"^(?P<task>\w+)(/(?P<iteration>\d+))?(\[(?P<index>\d+)\])?$")
_OUTCOMES = {
    "succeed": OutcomeStatus.SUCCEEDED,
    "fail": OutcomeStatus.FAILED,
    "time_out": OutcomeStatus.TIMED_OUT,
    "cancelled": OutcomeStatus.CANCELLED,
}
_PLAIN = {
    "pause": signals.PauseRequested,
    "resume": signals.ResumeRequested,
    "cancel": signals.CancelRequested,
}


def key(text: str) -> TaskKey:
    match = _KEY.match(text)
    assert match is not None, f"not a task key: {text}"
    index = match["index"]
    return TaskKey(match["task"], int(match["iteration"] or 1), None if index is None else int(index))


def signal_of(world: World, step: dict[str, Any]) -> Signal:
    kind = next(iter(step))
    body: Any = step[kind] if step[kind] is not None else {}
    if kind == "start":
        return signals.RunStarted(**body)
    if kind in _PLAIN:
        return _PLAIN[kind]()
    if kind in _OUTCOMES:
        return _finished(world, _OUTCOMES[kind], body)
    if kind == "timer":
        target = key(body["task"]) if "task" in body else None
        return signals.TimerFired(TimerKind(body["kind"]), target, body.get("attempt", 1 if target else 0))
    if kind in ("suspend", "unsuspend"):
        return (signals.TaskSuspended if kind == "suspend" else signals.TaskResumed)(key(body))
    if kind == "limit":
        return signals.LimitReached(body)
    assert kind == "retry", f"unknown step {kind}"
    return signals.RetryRequested(tuple(body.get("tasks", ())), body.get("reset_items", True))


def _finished(world: World, status: OutcomeStatus, body: Any) -> Signal:
    body = {"task": body} if isinstance(body, str) else body
    target = key(body["task"])
    error = None
    if status is not OutcomeStatus.SUCCEEDED:
        error = body.get("error") or {"type": status.value, "message": f"{target.task} {status.value}"}
    current = world.state.task(target.task).current
    attempt = body.get("attempt") or (current.attempt if current else 1)
    ran = body.get("seconds")
    began = None if ran is None else world.now - timedelta(seconds=ran)
    outcome = Outcome(status, body.get("result"), error, began, None if ran is None else world.now)
    return signals.TaskFinished(target, attempt, outcome)


def short(command: commands.Command) -> str | None:
    """A command as one line; None for those that stories leave out."""
    match command:
        case commands.RunAction():
            again = f" after {command.again}" if command.again else ""
            return f"run {_name(command.key)}" + (f" in {command.delay:g}" if command.delay else "") + again
        case commands.RetryAction():
            return f"again {_name(command.key)} {command.attempt}"
        case commands.Dispatch():
            return f"dispatch {_name(command.key)} {command.attempt}"
        case commands.CancelAction():
            return f"stop {_name(command.key)}" + (" waiting" if command.only_waiting else "")
        case commands.RecordItem():
            again = f" after {command.again}" if command.again else ""
            return f"record {_name(command.key)} {command.outcome.status}{again}"
        case commands.SetTimer():
            place = f" {_name(command.key)}" if command.key else ""
            return f"timer {command.kind}{place} in {command.seconds:g}"
        case commands.TaskEnded():
            return f"end {_name(TaskKey(command.task, command.iteration))} {command.status}"
        case commands.FinishRun():
            return f"finish {command.status}"
        case commands.PauseChildren():
            return "pause children"
        case commands.ResumeChildren():
            return "resume children"
        case commands.FinishExecution() | commands.StoreItems():
            return None


def _name(target: TaskKey) -> str:
    text = target.task if target.iteration == 1 else f"{target.task}/{target.iteration}"
    return text if target.index is None else f"{text}[{target.index}]"


def check(world: World, step: dict[str, Any], given: list[commands.Command]) -> None:
    """Assert everything that the step says must hold."""
    if "then" in step:
        assert [line for line in map(short, given) if line] == step["then"]
    if "status" in step:
        assert world.state.status == step["status"]
    for name, value in (step.get("vars") or {}).items():
        assert world.state.vars[name] == value
    for name, value in (step.get("input") or {}).items():
        assert world.inputs[key(name)] == value
    for name, value in (step.get("counts") or {}).items():
        task = world.state.task(name)
        shown = task.current or task.last
        assert shown is not None
        assert shown.items is not None
        assert {field: getattr(shown.items, field) for field in value} == value
    for name, value in (step.get("tasks") or {}).items():
        assert task_status(world.state.task(name)) == value
    ended = {each.task: each for each in given if isinstance(each, commands.TaskEnded)}
    for name, value in (step.get("fired") or {}).items():
        assert list(ended[name].fired) == value
    for name, value in (step.get("refused") or {}).items():
        assert dict(ended[name].refused or {}) == value
    finish = next((each for each in given if isinstance(each, commands.FinishRun)), None)
    if "output" in step:
        assert finish is not None
        assert finish.output == step["output"]
    if "error" in step:
        _check_error(finish, given, step["error"])


def _check_error(finish: commands.FinishRun | None, given: list[commands.Command], wanted: dict[str, Any]) -> None:
    ended = [each for each in given if isinstance(each, commands.TaskEnded) and each.error]
    error = finish.error if finish is not None and finish.error else ended[-1].error
    assert error is not None
    for name, value in wanted.items():
        if name == "says":
            assert value in error["message"]
        else:
            assert error[name] == value
