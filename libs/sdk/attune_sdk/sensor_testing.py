"""Try a sensor in a test, in the same process: what it emitted, and the state that it saved."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Mapping
from typing import Any

from attune_sdk.results import encode
from attune_sdk.sensors import EmitRefused, Receipt, Sensor


class Bench:
    """Takes what a sensor sends. `events` as JSON carries them: `{trigger, payload, key?}`; `state` as saved last.

    `refuse`: triggers whose events are refused.
    """

    def __init__(
        self, kind: type[Sensor], parameters: Mapping[str, Any] | None = None, state: Any = None, *, refuse: str = ""
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.state = state
        self._refuse = refuse
        self.sensor = kind(parameters or {}, copy.deepcopy(state), self._take)
        self.sensor.setup()

    def poll(self, times: int = 1) -> list[dict[str, Any]]:
        """Poll the sensor; what it emitted meanwhile."""
        before = len(self.events)
        for _ in range(times):
            result = self.sensor.poll()  # type: ignore[attr-defined]
            if hasattr(result, "__await__"):
                asyncio.run(_whole(result))
        return self.events[before:]

    def _take(self, message: dict[str, Any], receipt: Receipt | None) -> None:
        plain = json.loads(encode(message))
        refused = plain["type"] == "event" and plain["trigger"] == self._refuse
        if plain["type"] == "event" and not refused:
            self.events.append({key: value for key, value in plain.items() if key not in ("type", "state")})
        if not refused and ("state" in plain or plain["type"] == "state"):
            self.state = plain["state"] if "state" in plain else plain["value"]
        if receipt is not None:
            receipt.settle(len(self.events), EmitRefused("refused", "by the test") if refused else None)


async def _whole(result: Any) -> None:
    await result
