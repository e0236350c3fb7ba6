"""The life of one sensor on this service: start, watch, fail, wait, start again, until it is taken away."""

from __future__ import annotations

import asyncio
import contextlib
import random
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune_common.contracts.sensor import Grant, Held, Start, Status, Verdict
from attune_common.hosting.children.outlets import Stream
from attune_common.hosting.children.workplace import workplace
from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.masking import NOTHING, Masker
from attune_common.runtime import logging
from attune_common.runtime.clock import monotonic, utcnow
from attune_sensor.api import ApiAway, ApiRefused, LeaseLost, SensorApi
from attune_sensor.emit import Outlet
from attune_sensor.logs import SensorLog
from attune_sensor.polls import Polls, PollTooLong
from attune_sensor.process import SensorProcess, start
from attune_sensor.programs import Programs
from attune_sensor.protocol import BadLine, PollDone, Ready, Said, read_line

STABLE_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_AWAY_PAUSE = 1.0
_log = logging.get("attune.sensor")
_MOST_SAID = 200


class SensorFailed(Exception):
    """`error`: `{type, message, ...}`, as people see it."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error.get("message", "")))
        self.error = error


@dataclass(frozen=True, slots=True)
class Tools:
    """What all sensors of a service share. `changed`: called when there is news for the API."""

    api: SensorApi
    programs: Programs
    changed: Callable[[], None]


class Hosted:
    """One sensor under one grant. `run` it in a task; cancel the task to stop the sensor."""

    def __init__(self, grant: Grant, tools: Tools, outlet: Outlet, log: SensorLog, reported: int = 0) -> None:
        self.grant = grant
        self.grace = 0.0
        self.reported = reported
        self._tools, self._outlet, self._log = tools, outlet, log
        self._status: Status = "starting"
        self._started_at: datetime | None = None
        self._since = monotonic()
        self._failures = 0
        self._error: dict[str, Any] | None = None
        self._retry_at: float | None = None
        self._masker = NOTHING

    def report(self) -> Held:
        """What the API is told. A sensor that has run for a while has not failed in a row."""
        stable = self._status == "running" and monotonic() - self._since >= STABLE_SECONDS
        return Held(
            token=self.grant.token,
            status=self._status,
            started_at=self._started_at,
            failures=0 if stable else self._failures,
            reported=self.reported,
            error=None if stable else self._error,
            retry=None if self._retry_at is None else max(0.0, self._retry_at - monotonic()),
        )

    async def run(self) -> None:
        """Until cancelled, or until the lease is lost."""
        sending = [asyncio.create_task(part.send(self.grant.token)) for part in (self._outlet, self._log)]
        living = asyncio.create_task(self._live())
        try:
            await asyncio.wait({living, *sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(living)
            await _cancel(*sending)
        for task in (living, *sending):
            if not task.cancelled() and isinstance(task.exception(), LeaseLost):
                _log.info("sensor_lost", sensor=self.grant.ref, why=str(task.exception()))
            elif not task.cancelled() and task.exception() is not None:
                _log.error("sensor_host_broken", sensor=self.grant.ref, exc_info=task.exception())

    async def farewell(self, within: float) -> None:
        """After a stop: send what is left, while the lease holds."""
        with contextlib.suppress(TimeoutError, LeaseLost):
            async with asyncio.timeout(within):
                await self._outlet.empty(self.grant.token)
                await self._log.empty(self.grant.token)

    def stopping(self, grace: float) -> None:
        """The task is cancelled next; the sensor has so many seconds to end by itself."""
        self.grace = grace
        self._set("stopping")

    async def _live(self) -> None:
        while True:
            try:
                await self._once()
            except ApiAway as problem:
                _log.warning("sensor_waits_for_the_api", sensor=self.grant.ref, error=str(problem))
                await asyncio.sleep(_AWAY_PAUSE)
            except SensorFailed as failed:
                await self._fail(failed.error)
            except ApiRefused as refused:
                await self._fail({"type": refused.code, "message": refused.message})
            except LeaseLost:
                raise
            except Exception as problem:
                told = self._masker.text("".join(traceback.format_exception(problem)))
                _log.error("sensor_host_broken", sensor=self.grant.ref, exception=told)
                message = self._masker.text(f"{type(problem).__name__}: {problem}")[:1000]
                await self._fail({"type": "service_error", "message": message})

    async def _fail(self, error: dict[str, Any]) -> None:
        error = self._masker.cut(error)
        lasted = monotonic() - self._since if self._status == "running" else 0.0
        self._failures = 1 if lasted >= STABLE_SECONDS else self._failures + 1
        self.reported += 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10)) * random.uniform(0.8, 1.2)
        self._error, self._retry_at = error, monotonic() + pause
        self._log.system(f"failed: {error.get('message')}; starts again in {pause:.0f} s")
        _log.warning("sensor_failed", sensor=self.grant.ref, failures=self._failures, error=str(error.get("message")))
        self._set("backoff")
        await asyncio.sleep(pause)
        self._retry_at = None

    def _set(self, status: Status) -> None:
        self._status, self._since = status, monotonic()
        self._tools.changed()

    async def _once(self) -> None:
        """Errors: SensorFailed, always, unless it is stopped; ApiAway, ApiRefused, LeaseLost."""
        self._set("starting")
        await self._outlet.settled()
        wanted = await self._tools.api.start(self.grant.ref, self.grant.token)
        self._masker = Masker(wanted.hide)
        self._log.hide(self._masker)
        if wanted.problem is not None:
            raise SensorFailed(wanted.problem)
        async with self._started(wanted) as process:
            polls = Polls(wanted.poll, wanted.poll_timeout, process.tell)

            async def on_line(line: bytes) -> None:
                await self._on_line(line, process, wanted.pack_ref, polls)

            try:
                status = await polls.around(process.run(on_line, self._grace))
            except PollTooLong as late:
                raise SensorFailed(self._error_of("poll_timeout", str(late))) from late
            finally:
                self._log.end_of_process()
        raise SensorFailed(self._ended(status))

    def _grace(self) -> float:
        return self.grace

    @contextlib.asynccontextmanager
    async def _started(self, wanted: Start) -> AsyncIterator[SensorProcess]:
        settings = self._tools.programs.settings
        async with workplace(settings.data_dir, settings.worker_uid) as home:
            try:
                program = await self._tools.programs.prepare(wanted, home, self._log)
                process = await start(program, settings, self._on_output)
            except ActionFailure as failure:
                raise SensorFailed(failure.as_error()) from failure
            except OSError as problem:
                raise SensorFailed({"type": "cannot_start", "message": str(problem)}) from problem
            process.tell(
                {
                    "type": "start",
                    "sensor": wanted.ref,
                    "parameters": wanted.parameters,
                    "state": wanted.state,
                    "poll": wanted.poll,
                }
            )
            self._started_at = utcnow()
            self._log.system(f"started (process {process.pid})")
            if wanted.runtime != "python":
                self._set("running")
            yield process

    def _on_output(self, stream: Stream, chunk: bytes) -> None:
        self._log.output(stream, chunk)

    async def _on_line(self, line: bytes, process: SensorProcess, pack: str, polls: Polls) -> None:
        try:
            message = read_line(line, pack)
        except BadLine as bad:
            self._answer(process, bad.id, Verdict(error={"code": "bad_line", "message": bad.message}))
            return
        match message:
            case Ready():
                self._set("running")
            case PollDone():
                polls.done()
            case Said(id=id):
                said = message.hiding(self._masker)
                await self._outlet.put(said, len(line), lambda verdict: self._answer(process, id, verdict))

    def _answer(self, process: SensorProcess, id: int | None, verdict: Verdict) -> None:
        """To the process that said it, if that still runs: the numbers are its own."""
        if verdict.error is not None:
            self._log.system(f"refused: {verdict.error.get('message')}")
        if id is None:
            return
        if verdict.error is None:
            process.tell({"type": "ack", "id": id, "event": verdict.event, "repeated": verdict.repeated})
        else:
            process.tell({"type": "nack", "id": id, "error": verdict.error})

    def _ended(self, status: int) -> dict[str, Any]:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
        said = next((line.strip() for line in reversed(self._log.tail) if line.strip()), "")[:_MOST_SAID]
        message = f"the sensor {how}: {said}" if said and status else f"the sensor {how}"
        return {**self._error_of("exit_code", message), "exit_code": status}

    def _error_of(self, kind: str, message: str) -> dict[str, Any]:
        """With the last lines that it printed."""
        return {"type": kind, "message": message, "output": list(self._log.tail)}


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
