"""Keeps the leases: asks every few seconds, at once when there is news, and lets go of everything in time."""

from __future__ import annotations

import asyncio
import contextlib

from attune_common.contracts.sensor import LeaseRequest
from attune_common.runtime import logging
from attune_common.runtime.clock import monotonic
from attune_common.runtime.settings import Settings
from attune_sensor.api import ApiAway, ApiRefused, LeaseLost, SensorApi
from attune_sensor.host import Host

_FENCE = 0.6
_TRIES = 2
_DEBOUNCE = 0.2
_LOOK = 0.2
_log = logging.get("attune.sensor")


class Leases:
    """`confirmed`: the API has answered lately. Sensors end well before their leases do.

    A slow API has as long to answer as leaves room for `_TRIES` of them: one that hangs must not cost the sensors.
    """

    def __init__(self, settings: Settings, api: SensorApi, host: Host, news: asyncio.Event) -> None:
        self._settings, self._api, self._host, self._news = settings, api, host, news
        self._seconds = settings.sensor_lease_seconds
        self._asked = monotonic()
        self._away = False

    @property
    def confirmed(self) -> bool:
        return monotonic() - self._asked < self._seconds * _FENCE

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.ask()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.sensor_heartbeat_seconds):
                    await self._news.wait()
                    await asyncio.sleep(_DEBOUNCE)

    async def watch(self) -> None:
        """Until cancelled: end everything when the API has not answered for too long, whatever `run` waits for."""
        while True:
            left = self._asked + self._seconds * _FENCE - monotonic()
            if left <= 0:
                self._host.fence()
            await asyncio.sleep(max(left, _LOOK))

    async def ask(self, *, stopping: bool = False) -> None:
        """One round: report, renew, take, give back."""
        self._news.clear()
        released = sorted(self._host.released)
        request = LeaseRequest(
            service=self._settings.sensor_name,
            slots=self._settings.sensor_slots,
            held=self._host.reports(),
            released=released,
            stopping=stopping,
        )
        asked = monotonic()
        try:
            answer = await self._api.lease(request, self._seconds * _FENCE / _TRIES)
        except (ApiAway, ApiRefused, LeaseLost) as problem:
            self._tell(str(problem))
            return
        self._tell("")
        self._asked, self._seconds = asked, answer.lease_seconds
        if not stopping:
            self._host.apply(answer)
        self._host.told(released)

    def _tell(self, problem: str) -> None:
        """A line when it changes, not for every round."""
        if bool(problem) != self._away:
            self._away = bool(problem)
            if problem:
                _log.warning("the API does not answer", error=problem)
            else:
                _log.info("the API answers again")
