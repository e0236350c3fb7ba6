"""The sensors on this service: started and stopped as the leases say, all stopped when nobody confirms them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from attune_common.contracts.sensor import Grant, Held, LeaseAnswer
from attune_common.runtime import logging
from attune_sensor.emit import Outlet
from attune_sensor.hosted import Hosted, Tools
from attune_sensor.logs import SensorLog

_GRACE = 5.0
_FAREWELL = 5.0
_REMEMBERED = 1_000
_log = logging.get("attune.sensor")


class Host:
    """`released`: tokens of sensors that were stopped in peace, for the API to give to others."""

    def __init__(self, tools: Tools, longest_line: int) -> None:
        self._tools, self._longest_line = tools, longest_line
        self._running: dict[str, tuple[Hosted, asyncio.Task[None]]] = {}
        self._outlets: dict[str, Outlet] = {}
        self._logs: dict[str, SensorLog] = {}
        self._tenures: dict[str, int] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._reported: dict[str, int] = {}
        self.released: set[str] = set()

    def __len__(self) -> int:
        return len(self._running)

    def waiting(self, ref: str) -> Outlet:
        """What a sensor said and the API does not have yet."""
        return self._outlets[ref]

    def reports(self) -> list[Held]:
        return [hosted.report() for hosted, _ in self._running.values()]

    def apply(self, answer: LeaseAnswer) -> None:
        """Make it so. What is taken away ends at once; what is to be given back may end in peace."""
        grants = {grant.ref: grant for grant in answer.sensors if grant.token not in self.released}
        for ref, (hosted, task) in list(self._running.items()):
            self._compare(ref, hosted, grants.get(ref), over=task.done())
        for ref in [ref for ref in self._outlets if ref not in grants and ref not in self._running]:
            self._forget(ref)
        for ref, (hosted, _) in list(self._running.items()):
            if hosted.grant.token in answer.release:
                self._end(ref, _GRACE, release=True)
        for ref, grant in grants.items():
            if ref not in self._running and grant.token not in answer.release and not self._is_ending(ref):
                self._begin(grant)

    def fence(self) -> None:
        """Nobody has confirmed the leases for too long: whoever has them next must not meet these."""
        if self._running:
            _log.warning("leases_not_confirmed", sensors=len(self._running))
        for ref in list(self._running):
            self._end(ref, 0.0, release=False)

    async def stop(self, grace: float) -> None:
        """Stop everything in peace, within `grace` seconds."""
        for ref in list(self._running):
            self._end(ref, min(grace, _GRACE), release=True)
        if self._ending:
            await asyncio.wait(self._ending, timeout=grace + _FAREWELL)

    def _compare(self, ref: str, hosted: Hosted, grant: Grant | None, *, over: bool) -> None:
        """End it when the lease is another one, or gone; in peace when it only has to start anew."""
        if over or grant is None or grant.token != hosted.grant.token:
            self._end(ref, 0.0, release=False)
        elif grant.revision != hosted.grant.revision:
            _log.info("sensor_starts_anew", sensor=ref)
            self._end(ref, _GRACE, release=False)

    def _is_ending(self, ref: str) -> bool:
        return any(task.get_name() == ref for task in self._ending)

    def _begin(self, grant: Grant) -> None:
        if self._tenures.get(grant.ref, grant.tenure) != grant.tenure:
            self._forget(grant.ref)
        self._tenures[grant.ref] = grant.tenure
        outlet = self._outlets.setdefault(grant.ref, Outlet(grant.ref, self._tools.api))
        log = self._logs.setdefault(grant.ref, SensorLog(grant.ref, self._tools.api, self._longest_line))
        hosted = Hosted(grant, self._tools, outlet, log, self._reported.pop(grant.token, 0))
        self._running[grant.ref] = (hosted, asyncio.create_task(hosted.run(), name=grant.ref))
        _log.info("sensor_begins", sensor=grant.ref)

    def _end(self, ref: str, grace: float, *, release: bool) -> None:
        hosted, task = self._running.pop(ref)
        hosted.stopping(grace)
        ending = asyncio.create_task(self._ended(hosted, task, release), name=ref)
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _ended(self, hosted: Hosted, task: asyncio.Task[None], release: bool) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        kept = list(self._reported.items())[:_REMEMBERED]
        self._reported = {hosted.grant.token: hosted.reported, **dict(kept)}
        if release:
            await hosted.farewell(_FAREWELL)
            self.released.add(hosted.grant.token)
        self._tools.changed()

    def _forget(self, ref: str) -> None:
        outlet = self._outlets.pop(ref, None)
        self._logs.pop(ref, None)
        self._tenures.pop(ref, None)
        if outlet:
            _log.warning("events_not_sent", sensor=ref, count=len(outlet), why="the sensor ran elsewhere since")

    def told(self, released: Iterable[str]) -> None:
        """The API knows that these are free."""
        self.released.difference_update(released)
