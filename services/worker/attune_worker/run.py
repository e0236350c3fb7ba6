"""The life of one job, from top to bottom: prepare, perform within its time, tell how it ended."""

from __future__ import annotations

import asyncio
import errno
import traceback
from collections.abc import Coroutine
from typing import Any

from attune_common.contracts.execution import ExecutionAccepted, ExecutionLog
from attune_common.hosting.failure import ActionFailure
from attune_common.runtime import logging, metrics, tracing
from attune_common.runtime.clock import utcnow
from attune_worker import outcome, secrets
from attune_worker.jobs import Job, Jobs, Stop
from attune_worker.logs import AttemptLog, LogLimits
from attune_worker.outcome import Ending
from attune_worker.results import Outbound
from attune_worker.runtimes import NATIVE, Attempt, Bench, Runtime, native, runtime_of

_PREPARE_SECONDS = 900.0
_LONG_PREPARATION = 5.0
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_ENDED = metrics.counter("worker_attempts_total", "Attempts that ended on this worker", "status")
_TIME = metrics.histogram("worker_attempt_seconds", "Time that attempts of actions took", "runtime")
log = logging.get("worker.run")


class _Stopped(Exception):
    def __init__(self, why: Stop) -> None:
        self.why = why


class _Refused(Exception):
    """Another worker has begun the attempt, or it is over."""


class Runner:
    """Runs jobs. What it shares between them stands in the constructor."""

    def __init__(self, bench: Bench, jobs: Jobs, outbound: Outbound, worker: str) -> None:
        self._bench, self._jobs, self._outbound, self._worker = bench, jobs, outbound, worker

    async def run(self, job: Job) -> None:
        """Never raises; returns when the action has ended and its completion is on its way."""
        accepting = asyncio.get_running_loop().call_later(self._bench.settings.accept_window, self._accept, job)
        attempt_log = AttemptLog(_identity(job), self._send_log, LogLimits.of(self._bench.settings))
        try:
            ending = await self._ending(job, attempt_log)
        except _Refused:
            self._let_go(job)
            return
        finally:
            accepting.cancel()
            attempt_log.close()
        self._count(job, ending)
        self._complete(job, ending)

    def finish_at_once(self, job: Job) -> bool:
        """Run an action that never waits, here and now: no task, no time, nothing to accept. False for all others."""
        spec = job.spec
        if spec.runtime != NATIVE or job.why is not None or spec.secrets or spec.claim or not native.is_instant(spec):
            return False
        attempt_log = AttemptLog(_identity(job), self._send_log, LogLimits.of(self._bench.settings))
        try:
            result = native.perform_instant(Attempt(job, attempt_log, self._bench))
            ending = outcome.succeeded(job, result, attempt_log, self._worker)
        except Exception as problem:
            ending = self._failed(job, problem)
        attempt_log.close()
        self._count(job, ending)
        self._complete(job, ending)
        return True

    async def _ending(self, job: Job, attempt_log: AttemptLog) -> Ending:
        try:
            result = await self._result(job, Attempt(job, attempt_log, self._bench))
            return outcome.succeeded(job, result, attempt_log, self._worker)
        except _Stopped as stopped:
            return outcome.stopped(job, stopped.why, self._worker)
        except _Refused:
            raise
        except Exception as problem:
            return self._failed(job, problem)

    def _failed(self, job: Job, problem: Exception) -> Ending:
        if isinstance(problem, ActionFailure):
            return outcome.failed(job, problem, self._worker)
        if isinstance(problem, OSError) and problem.errno in _DISK_FULL:
            message = f"there is no room left on the disk of worker {self._worker}"
            return outcome.failed(job, ActionFailure("worker_disk_full", message), self._worker)
        told = job.masker.text("".join(traceback.format_exception(problem)))
        log.error("attempt_broken", execution=job.spec.execution_id, action=job.spec.action_ref, exception=told)
        broken = ActionFailure("worker_error", f"{type(problem).__name__}: {problem}"[:1000])
        return outcome.failed(job, broken, self._worker)

    async def _result(self, job: Job, attempt: Attempt) -> Any:
        runtime: Runtime = runtime_of(job.spec.runtime)
        arrived = utcnow()
        preparing = self._prepared(runtime, attempt)
        telling = asyncio.create_task(self._tell_of_preparation(job))
        try:
            performing = await _until_stopped(preparing, job, _PREPARE_SECONDS, "prepare_timeout")
            if job.spec.claim:
                await self._claim(job, performing)
        finally:
            telling.cancel()
        job.started_at = utcnow()
        if (job.started_at - arrived).total_seconds() > _LONG_PREPARATION:
            self._accept(job, begins_now=True)
        return await _until_stopped(performing, job, job.spec.limits.timeout)

    async def _claim(self, job: Job, performing: Coroutine[Any, Any, Any]) -> None:
        """Who may begin holds a lease from then on: there is nothing left to accept. Errors: _Refused."""
        try:
            if not await _until_stopped(self._bench.claims.ask(job), job, _PREPARE_SECONDS, "claim_timeout"):
                raise _Refused
        except BaseException:
            performing.close()
            raise
        job.settled.set()

    def _let_go(self, job: Job) -> None:
        """Whoever may report of the attempt is not this worker."""
        job.settled.set()
        self._jobs.remove(job)

    async def _prepared(self, runtime: Runtime, attempt: Attempt) -> Coroutine[Any, Any, Any]:
        job = attempt.job
        hide = await secrets.open_for(self._bench, job) if job.spec.secrets else []
        job.masker = secrets.masker_of(job, hide, runtime.slots)
        attempt.log.hide(job.masker)
        return await runtime.prepare(attempt)

    async def _tell_of_preparation(self, job: Job) -> None:
        """An environment may take longer to build than its action may run: its time has not begun."""
        while True:
            await asyncio.sleep(_LONG_PREPARATION)
            self._accept(job, begins_now=True)

    def _accept(self, job: Job, *, begins_now: bool = False) -> None:
        """Not what was claimed: that was as good."""
        if job.settled.is_set() and job.spec.claim:
            return
        accepted = ExecutionAccepted(
            execution_id=job.spec.execution_id,
            attempt=job.spec.attempt,
            token=job.spec.token,
            worker=self._worker,
            started_at=job.started_at,
            begins_now=begins_now,
        )
        self._outbound.send(accepted).add_done_callback(lambda _: job.settled.set())

    def _complete(self, job: Job, ending: Ending) -> None:
        def confirmed(_: asyncio.Future[None]) -> None:
            job.settled.set()
            self._jobs.remove(job)

        self._outbound.send(ending.completed, size=ending.size).add_done_callback(confirmed)

    def _send_log(self, lines: ExecutionLog, size: int) -> None:
        self._outbound.send(lines, size=size)

    def _count(self, job: Job, ending: Ending) -> None:
        told, spec = ending.completed, job.spec
        _ENDED.labels(told.status).inc()
        if told.started_at is not None and told.completed_at is not None:
            seconds = (told.completed_at - told.started_at).total_seconds()
            _TIME.labels(spec.runtime).observe(max(0.0, seconds))
        run = spec.workflow_execution_id
        task = None if run is None else (run, spec.task_name or "", spec.iteration or 1)
        which, times = (spec.execution_id, spec.attempt, spec.action_ref), (told.started_at, told.completed_at)
        tracing.attempt(spec.trace_id, which, times, task, good=told.status == "succeeded")


def _identity(job: Job) -> tuple[int, int, str]:
    return (job.spec.execution_id, job.spec.attempt, job.spec.token)


async def _until_stopped(work: Coroutine[Any, Any, Any], job: Job, seconds: float | None, late: str = "") -> Any:
    """The result of `work`. When the job is stopped or the time is up, `work` is cancelled and cleans up.

    Errors: _Stopped; ActionFailure `late` instead of a timeout when `late` is given; what `work` raises.
    """
    if job.why is not None:
        work.close()
        raise _Stopped(job.why)
    task = asyncio.ensure_future(work)
    await asyncio.wait({task, job.stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if task.cancelled():
        raise ActionFailure("worker_error", "the action was cancelled from inside")
    if task.done():
        return task.result()
    why = job.why or Stop.TIMED_OUT
    task.cancel()
    await asyncio.wait({task})
    if why is Stop.TIMED_OUT and late:
        raise ActionFailure(late, f"the action could not be prepared within {seconds:g} s")
    raise _Stopped(why)
