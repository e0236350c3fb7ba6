"""Processes: coroutines of the real code, driven one step at a time, that can die or freeze between any two steps."""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulator.world import World

Done = Callable[[Exception | None, Any], None]
"""Called with what the work raised, or with None and what it returned."""

AGAIN = "before another try"
LATE = "before a late transaction"
_LATE_FOR = 12
"""So many times as long as another step may what was seen stay as it is, or not."""
_AT_ONE_GO = 0.9
"""Once nothing goes wrong any more, so many of the points are passed without a pause: most of it is looking in vain."""


class CommitUnknown(ConnectionError):
    """The connection broke at the commit: it is done, or it is not."""


@types.coroutine
def reach(point: str) -> Generator[str, None, None]:
    """A point between two effects: others may run here, and the process may die here."""
    yield point


class ModelEvent:
    """What `asyncio.Event` is to the real code: whoever waits looks again after a while."""

    def __init__(self) -> None:
        self._happened = False

    def set(self) -> None:
        self._happened = True

    async def wait(self) -> None:
        while not self._happened:
            await reach(AGAIN)


class Process:
    """`life` counts starts: what was planned in an earlier life does not happen in a later one."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.up = False
        self.life = 0
        self.frozen_until = 0.0
        self._working: dict[int, tuple[Coroutine[Any, Any, Any], Context]] = {}

    @property
    def frozen(self) -> bool:
        return self.frozen_until > self.world.clock.seconds

    @property
    def awake(self) -> bool:
        return self.up and not self.frozen

    def awake_for(self, seconds: float) -> bool:
        """Whether it was not frozen for so long."""
        return self.up and self.frozen_until + seconds < self.world.clock.seconds

    def start(self) -> None:
        self.up, self.life, self.frozen_until = True, self.life + 1, 0.0
        self.world.tell(self.name, "starts")
        self.begin()

    def begin(self) -> None:
        """What a fresh process does first."""

    def resume(self) -> None:
        """What it does when it listens again."""

    def end(self) -> None:
        """What the world notices when it is gone."""

    def crash(self) -> None:
        if not self.up:
            return
        self.up = False
        self.world.tell(self.name, "dies")
        self.abandon()
        self.end()

    def abandon(self) -> None:
        """Let go of the work under way where it stands."""
        working, self._working = self._working, {}
        for work, context in working.values():
            context.run(work.close)

    def freeze(self, seconds: float) -> None:
        if self.up:
            self.frozen_until = max(self.frozen_until, self.world.clock.seconds + seconds)
            self.world.tell(self.name, f"freezes for {seconds:.0f} s")
            self.after(seconds, self.resume)

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """In this life and not while frozen; what comes due meanwhile happens after the thaw, in any order."""
        life = self.life

        def due() -> None:
            if not self.up or self.life != life:
                return
            if self.frozen:
                thaw = self.frozen_until - self.world.clock.seconds
                self.world.clock.after(thaw + self.world.dice.uniform(0.0, 2.0), due)
            else:
                action()

        self.world.clock.after(delay, due)

    def spawn(self, work: Coroutine[Any, Any, Any], done: Done) -> None:
        number, context = self.world.number(), copy_context()
        self._working[number] = work, context
        self.after(0.0, lambda: self._step(number, work, done, context))

    def _step(self, number: int, work: Coroutine[Any, Any, Any], done: Done, context: Context) -> None:
        try:
            point = context.run(work.send, None)
            while self.world.healed and point != AGAIN and self.world.dice.random() < _AT_ONE_GO:
                point = context.run(work.send, None)
        except StopIteration as end:
            self._working.pop(number, None)
            done(None, end.value)
        except Exception as error:
            self._working.pop(number, None)
            done(error, None)
        else:
            if self.world.dies_at(self, point):
                self.crash()
            else:
                self.after(self._pause(point), lambda: self._step(number, work, done, context))

    def _pause(self, point: str) -> float:
        slow, dice = self.world.faults.slow, self.world.dice
        if point == AGAIN:
            return dice.uniform(0.05, 2.0)
        return dice.uniform(0.0, slow * _LATE_FOR if point == LATE else slow)
