"""Virtual time and the agenda: what happens next is what is due first."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    """Seconds since the start. PostgreSQL's clock is `now`, that of processes `seconds`; `awake` leaves out the time in
    which everything stood still."""

    def __init__(self) -> None:
        self.seconds = self._stood = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)

    @property
    def awake(self) -> datetime:
        return self.now - timedelta(seconds=self._stood)

    def after(self, delay: float, action: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (self.seconds + delay, self._number, action))

    def step(self) -> bool:
        """Let the next thing happen. False when nothing is left."""
        if not self._agenda:
            return False
        due, _, action = heapq.heappop(self._agenda)
        self.seconds = max(self.seconds, due)
        action()
        return True

    def jump(self, seconds: float) -> None:
        """Everything stands still for a while: what was due meanwhile is due now, in its order."""
        self.seconds += seconds
        self._stood += seconds
