"""How a question to people ends: with an answer, or with its time. Both are reported as a worker would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.store import executions, inquiries
from attune_common.store.timers import Timer
from attune_executor.batch import Batch
from attune_executor.complete import take_completions
from attune_executor.inquire import tell_closed


@dataclass(frozen=True, slots=True)
class Answered:
    """An inquiry that somebody has answered; `run`: of which its execution is a task."""

    inquiry: int
    run: int | None


async def take_answers(batch: Batch, answered: Iterable[Answered]) -> None:
    """An answer to an attempt that is over changes nothing."""
    ids = [each.inquiry for each in answered]
    if not ids:
        return
    rows = await inquiries.answers(batch.unit, ids)
    batch.answers_told.extend(row["id"] for row in rows)
    reports = [_report(row["execution"], row["token"], row["workflow_run"], row["response"]) for row in rows]
    await take_completions(batch, reports)


async def end_unanswered(batch: Batch, due: list[Timer]) -> None:
    """Nobody answered in time: the default is the answer, if there is one."""
    waiting = {timer.target["execution"]: timer for timer in due}
    batch.hold(await executions.lock(batch.unit, waiting))
    ids = [id for id, timer in waiting.items() if (row := batch.row(id)) and row.token == timer.target["token"]]
    closed = await inquiries.close(batch.unit, ids, "timeout")
    tell_closed(batch, closed, "timeout")
    reports = []
    for id, ended in closed.items():
        told = (id, waiting[id].target["token"], waiting[id].run)
        reports.append(_report(*told, ended["default_response"]) if ended["has_default"] else _missed(*told))
    await take_completions(batch, reports)


def _report(execution: int, token: str | None, run: int | None, answer: Any) -> ExecutionCompleted:
    return ExecutionCompleted(
        execution_id=execution,
        attempt=1,
        token=token or "",
        status="succeeded",
        result=answer,
        workflow_execution_id=run,
    )


def _missed(execution: int, token: str | None, run: int | None) -> ExecutionCompleted:
    return ExecutionCompleted(
        execution_id=execution,
        attempt=1,
        token=token or "",
        status="timed_out",
        error={"type": "timeout", "message": "nobody answered in time"},
        workflow_execution_id=run,
    )
