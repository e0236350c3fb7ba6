"""Everything that the commands of a round need from the database, fetched once for all runs of the batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attune_common.store import executions, runs
from attune_common.store.executions import Execution
from attune_core.workflow.commands import (
    CancelAction,
    Command,
    Dispatch,
    FinishExecution,
    FinishRun,
    PauseChildren,
    RecordItem,
    ResumeChildren,
    RetryAction,
    RunAction,
)
from attune_core.workflow.signals import TaskKey
from attune_executor import dispatch
from attune_executor.batch import Batch, RunInHand

_NEW = (RunAction, RecordItem)
_OF_ROW = (RetryAction, Dispatch, FinishExecution, RunAction, RecordItem)


async def prepare(batch: Batch, told: Sequence[RunInHand]) -> None:
    """Ids for new rows, the rows that commands name, their actions and the parameters of what is sent again."""
    commands = [(run, command) for run in told for command in run.commands]
    new = sum(_is_new(command) for _, command in commands)
    batch.ids.extend(await executions.allocate(batch.unit, new))
    await _rows_by_key(batch, commands)
    await _rows_to_cancel(batch, commands)
    await _own_executions(batch, commands)
    await _children(batch, commands)
    again = list(_sent_again(batch, commands))
    await load_parameters(batch, again)
    refs = {command.action for _, command in commands if isinstance(command, RunAction)}
    await dispatch.resolve(batch, refs | {row.action_ref for row in again}, {run.context.identity for run in told})


def _is_new(command: Command) -> bool:
    return isinstance(command, _NEW) and command.again is None


async def _rows_by_key(batch: Batch, commands: list[tuple[RunInHand, Command]]) -> None:
    started = {(run.id, command.key) for run, command in commands if isinstance(command, _NEW) and _is_new(command)}
    named = {(run.id, command.key) for run, command in commands if isinstance(command, _OF_ROW)}
    missing = [key for key in named - started if batch.row_of(*key) is None]
    if missing:
        keys = [(run, key.task, key.iteration, key.index) for run, key in missing]
        batch.hold(await executions.lock_keys(batch.unit, keys))


async def _rows_to_cancel(batch: Batch, commands: list[tuple[RunInHand, Command]]) -> None:
    keys = [(run, command.key) for run, command in commands if isinstance(command, CancelAction)]
    if not keys:
        return
    tasks = sorted({(run.id, key.task, key.iteration) for run, key in keys})
    batch.hold(await executions.lock_live(batch.unit, tasks))
    workflows = [row.id for run, key in keys for row in _workflows(batch, run, key)]
    if workflows:
        batch.child_runs |= await runs.of_executions(batch.unit, workflows)


def _workflows(batch: Batch, run: RunInHand, key: TaskKey) -> Iterator[Execution]:
    return (row for row in batch.rows_of(run.id, key) if row.is_workflow)


async def _children(batch: Batch, commands: list[tuple[RunInHand, Command]]) -> None:
    """A subworkflow that is just being made is waited for, so that it is told to pause or to resume too."""
    if told := [run.id for run, command in commands if isinstance(command, PauseChildren | ResumeChildren)]:
        batch.hold(await executions.lock_workflows(batch.unit, told))


async def _own_executions(batch: Batch, commands: list[tuple[RunInHand, Command]]) -> None:
    """A run that ends and that no parent waits for finishes its own execution."""
    ended = [run for run, command in commands if isinstance(command, FinishRun)]
    await hold_executions(batch, ended)


async def hold_executions(batch: Batch, told: Iterable[RunInHand]) -> None:
    """Lock the executions that the runs themselves carry out."""
    ids = {run.context.execution for run in told}
    if missing := [id for id in ids if batch.row(id) is None]:
        batch.hold(await executions.lock(batch.unit, missing))


def _sent_again(batch: Batch, commands: list[tuple[RunInHand, Command]]) -> Iterator[Execution]:
    for run, command in commands:
        if isinstance(command, RetryAction | Dispatch):
            row = batch.row_of(run.id, command.key)
            if row is not None:
                yield row


async def load_parameters(batch: Batch, rows: Iterable[Execution]) -> None:
    """Parameters of rows that go to a worker again."""
    missing = {row.id: row for row in rows if row.parameters is None}
    if missing:
        for id, parameters in (await executions.parameters(batch.unit, list(missing))).items():
            missing[id].parameters = parameters
