"""Sensors: programs that watch something outside and tell of it.

    from attune_sdk import Sensor

    class Feed(Sensor):
        def poll(self):
            for entry in fetch(self.parameters["url"]):
                self.emit("entry", entry, key=entry["id"])

A sensor has `poll` (called at equal intervals) or `run` (called once; it returns when `stopping` is set). Both may be
`async def`.
"""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Send = Callable[[dict[str, Any], "Receipt | None"], None]

_UNCHANGED: Any = object()
_PATIENCE = 3600.0


class EmitRefused(Exception):
    """The platform does not take the event. `code`: invalid_payload, trigger_not_found, trigger_not_allowed, ..."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Receipt:
    """The platform's answer to an event, once it is stored."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._event: int | None = None
        self._error: EmitRefused | None = None
        self._told: Callable[[], object] | None = None

    def settle(self, event: int | None, error: EmitRefused | None = None) -> None:
        """For the platform's side."""
        self._event, self._error = event, error
        self._done.set()
        if self._told is not None:
            self._told()

    def when_done(self, told: Callable[[], object]) -> None:
        """Call it, from any thread, when the answer is there."""
        self._told = told
        if self._done.is_set():
            told()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def wait(self, seconds: float = _PATIENCE) -> int | None:
        """The id of the stored event. Errors: EmitRefused; TimeoutError after `seconds`."""
        if not self._done.wait(seconds):
            raise TimeoutError("the platform has not answered yet")
        if self._error is not None:
            raise self._error
        return self._event


class Sensor:
    """The base of a sensor. Its class is found by the platform: one per file, or `entry_point: file.py:Class`.

    `parameters`: those of the sensor's file, rendered. `state`: what was saved last, None at first.
    """

    def __init__(self, parameters: Mapping[str, Any], state: Any, send: Send) -> None:
        self.parameters = dict(parameters)
        self.state = state
        self.stopping = threading.Event()
        self._send = send
        self._when_stopping: list[Callable[[], object]] = []

    def stop(self) -> None:
        """For the platform's side: `run` is to return."""
        self.stopping.set()
        for told in self._when_stopping:
            told()

    def setup(self) -> None:
        """Called once before the first poll, or before `run`."""

    def teardown(self) -> None:
        """Called at the end, however it comes."""

    def emit(self, trigger: str, payload: Any = None, *, key: str | None = None, state: Any = _UNCHANGED) -> int | None:
        """Tell of something and wait until it is stored; the event's id.

        `trigger`: its ref, or its name in the pack. `key`: of events of the trigger with the same key only the first
        counts. `state`: saved in the same transaction. Errors: EmitRefused.
        """
        return self.send(trigger, payload, key=key, state=state).wait()

    def send(self, trigger: str, payload: Any = None, *, key: str | None = None, state: Any = _UNCHANGED) -> Receipt:
        """As `emit`, without waiting: many at a time are much faster than one after the other."""
        message: dict[str, Any] = {"type": "event", "trigger": trigger, "payload": {} if payload is None else payload}
        if key is not None:
            message["key"] = key
        if state is not _UNCHANGED:
            self.state = message["state"] = state
        receipt = Receipt()
        self._send(message, receipt)
        return receipt

    async def emit_async(
        self, trigger: str, payload: Any = None, *, key: str | None = None, state: Any = _UNCHANGED
    ) -> int | None:
        """As `emit`, for sensors that are coroutines."""
        import asyncio

        loop, done = asyncio.get_running_loop(), asyncio.Event()
        receipt = self.send(trigger, payload, key=key, state=state)
        receipt.when_done(lambda: loop.call_soon_threadsafe(done.set))
        await done.wait()
        return receipt.wait(0)

    async def stopped(self) -> None:
        """For sensors that are coroutines: return when the sensor is to stop."""
        import asyncio

        loop, done = asyncio.get_running_loop(), asyncio.Event()
        self._when_stopping.append(lambda: loop.call_soon_threadsafe(done.set))
        if not self.stopping.is_set():
            await done.wait()

    def save(self, state: Any) -> None:
        """Keep this for the next start, wherever that is. What was emitted before is stored before."""
        self.state = state
        receipt = Receipt()
        self._send({"type": "state", "value": state}, receipt)
        receipt.wait()

    def sleep(self, seconds: float) -> bool:
        """Wait, at most until the sensor is to stop; whether it goes on."""
        return not self.stopping.wait(seconds)
