"""Everything that the commands of a round need from the database, fetched once for all runs of the batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeAlias

from attune_common.store import executions, runs
from attune_common.store.actions_lookup import Pinned
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

Asked: TypeAlias = "dict[type[Command], list[tuple[RunInHand, Any]]]"
"""The commands by their class, each with its run: every question is about few of them."""

_NEW = (RunAction, RecordItem)
_OF_ROW = (RetryAction, Dispatch, FinishExecution, RunAction, RecordItem)


async def prepare(batch: Batch, told: Sequence[RunInHand]) -> None:
    """Ids for new rows, the rows that commands name, their actions and the parameters of what is sent again."""
    asked: Asked = defaultdict(list)
    for run in told:
        for command in run.commands:
            asked[type(command)].append((run, command))
    new = sum(command.again is None for _, command in _of(asked, *_NEW))
    batch.ids.extend(await executions.allocate(batch.unit, max(0, new - len(batch.ids))))
    await _rows_by_key(batch, asked)
    await _rows_to_cancel(batch, asked[CancelAction])
    await hold_executions(batch, [run for run, _ in asked[FinishRun]])
    await _children(batch, [run.id for run, _ in _of(asked, PauseChildren, ResumeChildren)])
    again = list(_sent_again(batch, asked))
    await load_parameters(batch, again)
    wanted = {*_called(batch, asked[RunAction]), *map(dispatch.pinned, again)}
    await dispatch.resolve(batch, wanted, {run.context.identity for run in told})


def _of(asked: Asked, *kinds: type[Command]) -> Iterator[tuple[RunInHand, Any]]:
    return chain.from_iterable(asked[kind] for kind in kinds)


def _called(batch: Batch, actions: list[tuple[RunInHand, RunAction]]) -> Iterator[Pinned]:
    """What is started: on a new row, or on that of an item which runs again."""
    for run, command in actions:
        row = None if command.again is None else batch.row_of(run.id, command.key)
        yield dispatch.pinned(row) if row else (command.action, dispatch.pin_in(run.context, command.action))


async def _rows_by_key(batch: Batch, asked: Asked) -> None:
    started = {(run.id, command.key) for run, command in _of(asked, *_NEW) if command.again is None}
    named = {(run.id, command.key) for run, command in _of(asked, *_OF_ROW)}
    missing = [key for key in named - started if batch.row_of(*key) is None]
    if missing:
        keys = [(run, key.task, key.iteration, key.index) for run, key in missing]
        batch.hold(await executions.lock_keys(batch.unit, keys))


async def _rows_to_cancel(batch: Batch, cancelled: list[tuple[RunInHand, CancelAction]]) -> None:
    keys = [(run, command.key) for run, command in cancelled]
    if not keys:
        return
    tasks = sorted({(run.id, key.task, key.iteration) for run, key in keys})
    batch.hold(await executions.lock_live(batch.unit, tasks))
    workflows = [row.id for run, key in keys for row in _workflows(batch, run, key)]
    if workflows:
        batch.child_runs |= await runs.of_executions(batch.unit, workflows)


def _workflows(batch: Batch, run: RunInHand, key: TaskKey) -> Iterator[Execution]:
    return (row for row in batch.rows_of(run.id, key) if row.is_workflow)


async def _children(batch: Batch, told: list[int]) -> None:
    """A subworkflow that is just being made is waited for, so that it is told to pause or to resume too."""
    if told:
        batch.hold(await executions.lock_workflows(batch.unit, told))


async def hold_executions(batch: Batch, told: Iterable[RunInHand]) -> None:
    """Lock the executions that the runs themselves carry out: one that no parent waits for is finished by its run."""
    ids = {run.context.execution for run in told}
    if missing := [id for id in ids if batch.row(id) is None]:
        batch.hold(await executions.lock(batch.unit, missing))


def _sent_again(batch: Batch, asked: Asked) -> Iterator[Execution]:
    for run, command in _of(asked, RetryAction, Dispatch):
        row = batch.row_of(run.id, command.key)
        if row is not None:
            yield row


async def load_parameters(batch: Batch, rows: Iterable[Execution]) -> None:
    """Parameters of rows that go to a worker again."""
    missing = {row.id: row for row in rows if row.parameters is None}
    if missing:
        for id, parameters in (await executions.parameters(batch.unit, list(missing))).items():
            missing[id].parameters = parameters
