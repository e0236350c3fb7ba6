"""The sweeps: nothing hangs. Each looks for one thing that should have moved on, and moves it on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from attune_common.bus import topology
from attune_common.bus.bus import BusUnavailable
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionCancel, ExecutionCompleted, ExecutionRequested
from attune_common.runtime import logging
from attune_common.store import events_matching, inquiries, leases, outbox, runs
from attune_common.store.connection import Row
from attune_common.store.errors import is_transient
from attune_common.store.unit import Unit
from attune_core.model.status import ExecutionStatus
from attune_executor.admit import Admit
from attune_executor.answers import Answered
from attune_executor.calm import Calm
from attune_executor.context import SWEPT, Context
from attune_executor.enforce import Enforce
from attune_executor.incidents import report
from attune_executor.reports import cancelled_report, lost_report, overdue_report, untold_report
from attune_executor.resend import Resend
from attune_executor.workflows import Requested, Workflows

_OVERRUN = 30.0
_UNSTARTED = 10.0
_UNTOLD = 5.0
_REQUEST_PATIENCE = 2.0
_EVENT_PATIENCE = 5.0
_STUCK = 60.0
_LONG_GONE = 300.0
_log = logging.get("attune.executor")


RESCUERS: dict[ExecutionStatus, tuple[str, ...]] = {
    ExecutionStatus.REQUESTED: ("unstarted_executions",),
    ExecutionStatus.SCHEDULING: ("waiting_turns", "unanswered_cancels"),
    ExecutionStatus.SCHEDULED: ("unaccepted_jobs", "unanswered_cancels"),
    ExecutionStatus.RUNNING: ("lapsed_leases", "overdue_attempts", "untold_parents", "stuck_runs"),
    ExecutionStatus.CANCELING: ("lapsed_leases", "unanswered_cancels", "untold_parents", "stuck_runs"),
    ExecutionStatus.WAITING: ("untold_parents", "untold_answers", "unanswered_cancels", "stuck_runs"),
    ExecutionStatus.PAUSING: ("stuck_runs",),
    ExecutionStatus.PAUSED: ("open_requests",),
}
"""Which sweeps see to it that an execution leaves a state. One that waits has a timer, or an inquiry without an end;
a paused one waits for a request. States that are not named here are never stored."""


class Recover:
    """Every executor sweeps, each second with jitter. What two of them find is put right once."""

    def __init__(self, context: Context, workflows: Workflows, enforce: Enforce, admit: Admit) -> None:
        self._context, self._workflows, self._enforce = context, workflows, enforce
        self.calm = self._calm = Calm(context)
        self._resend = Resend(context, self._calm)
        self._sweeps: dict[str, Callable[[], Awaitable[int]]] = {
            "lapsed_leases": self._lapsed,
            "overdue_attempts": self._overdue,
            "unanswered_cancels": self._deaf,
            "unaccepted_jobs": self._resend.jobs,
            "unstarted_executions": self._unstarted,
            "waiting_turns": admit.sweep,
            "untold_parents": self._untold,
            "open_requests": self._requests,
            "untold_answers": self._answers,
            "forgotten_events": self._events,
            "stuck_runs": self._stuck,
        }

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._sweeps)

    async def run(self) -> None:
        """Until cancelled."""
        watching = asyncio.create_task(self._calm.watch())
        try:
            while True:
                await asyncio.sleep(self._context.settings.sweep_seconds * random.uniform(0.7, 1.3))
                await self.sweep()
        finally:
            watching.cancel()

    async def take_over(self) -> None:
        """Everything that an earlier process had in hand is lost with it and its bus: nothing has to be waited for.

        Before anything else starts, and only where a process is alone with its data.
        """
        async with self._context.store.unit() as unit:
            ended = await leases.end_all(unit)
            await outbox.forget_jobs(unit)
        sent = await self._resend.all_jobs()
        if ended or sent:
            _log.info("took over", leases_ended=ended, jobs_sent=sent)

    async def sweep(self) -> None:
        """All sweeps once. One that fails does not keep the others from their work."""
        if not self._context.bus.healthy:
            self._calm.disturb()
        for name, sweep in self._sweeps.items():
            try:
                found = await sweep()
            except BusUnavailable:
                self._calm.disturb()
                continue
            except Exception as error:
                self._calm.disturb()
                if is_transient(error):
                    _log.debug("sweep put off", sweep=name, error=f"{type(error).__name__}: {error}")
                else:
                    _log.exception("sweep failed", sweep=name)
                continue
            if found:
                SWEPT.labels(name).inc(found)
                _log.info("swept", sweep=name, found=found)

    async def _take(self, reports: list[ExecutionCompleted]) -> int:
        await self._workflows.take(reports)
        return len(reports)

    async def _lapsed(self) -> int:
        async with self._context.store.connection() as connection:
            rows = await leases.lapsed(connection)
            if rows:
                grace = await self._silence()
                rows = [] if grace is None else await leases.lapsed(connection, grace)
        return await self._take([lost_report(row) for row in rows])

    async def _silence(self) -> float | None:
        """How long ago a lease must have run out for its worker to be gone; None: nobody can tell."""
        behind = await self._calm.behind()
        if behind is None or behind > _LONG_GONE:
            return _LONG_GONE if self._calm.present_for(_LONG_GONE) else None
        return behind

    async def _overdue(self) -> int:
        async with self._context.store.connection() as connection:
            rows = await self._certain(await leases.overdue(connection, _OVERRUN))
        await self._stop_workers([(row["id"], row["token"]) for row in rows])
        return await self._take([overdue_report(row) for row in rows])

    async def _deaf(self) -> int:
        async with self._context.store.connection() as connection:
            rows = await self._certain(await leases.deaf(connection, self._context.settings.cancel_lost_seconds))
        await self._stop_workers([(row["id"], row["token"]) for row in rows])
        return await self._take([cancelled_report(row) for row in rows])

    async def _certain(self, rows: list[Row]) -> list[Row]:
        return rows if rows and await self._calm.holds() else []

    async def _stop_workers(self, attempts: list[tuple[int, str]]) -> None:
        if not attempts:
            return
        async with self._context.store.unit() as unit:
            for id, token in attempts:
                unit.emit(ExecutionCancel(execution_id=id, token=token, reason="the attempt is over"))

    async def _unstarted(self) -> int:
        """Not while the queue is only long."""
        ready, _ = await self._context.bus.depth(topology.executor("execution.requested").queue)
        return 0 if ready else await self._context.store.retrying(_ask_again)

    async def _untold(self) -> int:
        async with self._context.store.connection() as connection:
            rows = await leases.untold(connection, _UNTOLD)
        return await self._take([untold_report(row) for row in rows])

    async def _requests(self) -> int:
        async with self._context.store.connection() as connection:
            asked = await runs.open_requests(connection, _REQUEST_PATIENCE)
        await self._workflows.take([Requested(run) for run in sorted({run for run, _ in asked})])
        return len(asked)

    async def _answers(self) -> int:
        async with self._context.store.connection() as connection:
            answered = await inquiries.untold(connection, _REQUEST_PATIENCE)
        await self._workflows.take([Answered(*each) for each in answered])
        return len(answered)

    async def _events(self) -> int:
        async with self._context.store.connection() as connection:
            ids = await events_matching.forgotten(connection, _EVENT_PATIENCE)
        await self._enforce.take([EventCreated(event_id=id, trigger_ref="") for id in ids])
        return len(ids)

    async def _stuck(self) -> int:
        """Must never find anything: an incident each."""
        async with self._context.store.unit() as unit:
            for row in await leases.stuck_runs(unit, _STUCK):
                error = f"{row['workflow_ref']} is {row['status']}, and nothing of it is under way"
                await report(unit, "stuck_run", f"run:{row['id']}", {"error": error})
        return 0


async def _ask_again(unit: Unit) -> int:
    rows = await leases.unstarted(unit, _UNSTARTED)
    for row in rows:
        unit.emit(
            ExecutionRequested(
                execution_id=row["id"],
                action_ref=row["action_ref"],
                parent_id=row["parent"],
                trace_id=row["trace_id"],
            )
        )
    return len(rows)
