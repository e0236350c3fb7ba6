"""An executor: the real one, its consumers, timers and sweeps driven by the world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from attune_common.runtime import handover
from attune_common.runtime.settings import Settings
from attune_common.store import timers
from attune_common.store.timers import Timer
from attune_executor.app import Executor
from tests.simulator.bag import Letter, Port
from tests.simulator.outbox import Relay
from tests.simulator.processes import Process
from tests.simulator.store import ModelStore

if TYPE_CHECKING:
    from tests.simulator.world import World

_AT_ONCE = 200
_CONNECTION_LOST = 20.0
_NOTICED = 2.5


@dataclass(eq=False)
class _Given:
    """Letters that are with a handler, which has something left to do for them or only waits."""

    letters: list[Letter]
    only_waits: bool = False


class ExecutorProcess(Process):
    """One handler per queue at a time, or another when the first only waits, as the bus does it; what it has in hand
    goes back when it dies."""

    def __init__(self, world: World, name: str, settings: Settings) -> None:
        super().__init__(world, name)
        self._settings = settings
        self._relay = Relay(self, world)
        self._in_hand: dict[str, list[_Given]] = defaultdict(list)

    def begin(self) -> None:
        world = self.world
        self.store = ModelStore(self, self._settings)
        self.store.on_commit = self._relay.publish_soon
        store: Any = self.store
        self.real = Executor(store, Port(world), self._settings)
        self._handlers = {subscription.queue: handler for subscription, handler in self.real._subscriptions}
        self._overlapping = {each.queue for each, _ in self.real._subscriptions if each.overlaps}
        world.mutation.alter(self.real)
        self._relay.start()
        self.after(world.dice.uniform(0.0, 0.5), self._watch_timers)
        self.after(world.dice.uniform(0.5, 1.5), self._sweep)
        self._listens = False
        self.after(world.dice.uniform(0.0, 3.0), self.resume)

    def resume(self) -> None:
        """It may have swept before it has all its consumers."""
        self._listens = True
        for queue in self.world.bag.ready:
            self.world.offer(queue)

    def end(self) -> None:
        in_hand, self._in_hand = self._in_hand, defaultdict(list)
        for given in in_hand.values() if "late_acknowledgement" not in self.world.off else ():
            for each in given:
                self.world.bag.give_back(each.letters)

    def freeze(self, seconds: float) -> None:
        """The broker takes the connection for dead after a while and gives the letters to others, too."""
        super().freeze(seconds)
        if self.up and seconds > _NOTICED:
            self.after(seconds, self.notice_pause)
        if self.up and seconds > _CONNECTION_LOST:
            life = self.life
            self.world.clock.after(_CONNECTION_LOST, lambda: self.end() if self.life == life and self.up else None)

    def notice_pause(self) -> None:
        """What `Calm.watch` does, within half a second."""
        if self.up:
            self.after(self.world.dice.uniform(0.0, 0.5), self.real.recover._calm.disturb)

    def free_for(self, queue: str) -> bool:
        if not (self.awake and self._listens and queue in self._handlers):
            return False
        given = self._in_hand[queue]
        return not given or (queue in self._overlapping and len(given) == 1 and given[0].only_waits)

    def take(self, queue: str) -> None:
        """Handle what is ready there, or a part of it."""
        most = _AT_ONCE if self.world.dice.random() < 0.8 else 1 + self.world.dice.randrange(3)
        letters = self.world.bag.take(queue, most)
        if not letters:
            return
        given = _Given(letters)
        self._in_hand[queue].append(given)
        deliveries: Sequence[Any] = [SimpleNamespace(messages=[letter.message]) for letter in letters]
        with handover.to(lambda: self._only_waits(queue, given)):
            self.spawn(self._handlers[queue](list(deliveries)), lambda error, _: self._handled(queue, given, error))

    def _only_waits(self, queue: str, given: _Given) -> None:
        given.only_waits = True
        self.after(0.0, lambda: self.world.offer(queue))

    def _handled(self, queue: str, given: _Given, error: Exception | None) -> None:
        if self.world.dies_at(self, "before acknowledging"):
            self.crash()
            return
        if error is None:
            if given in self._in_hand[queue]:
                self._in_hand[queue].remove(given)
            self.world.offer(queue)
            return
        self.world.tell(self.name, f"is refused {len(given.letters)} of {queue}: {type(error).__name__}")
        self.world.check_poison(given.letters, error)
        self.after(self.world.dice.uniform(0.05, 2.0), lambda: self._give_back(queue, given))

    def _give_back(self, queue: str, given: _Given) -> None:
        if given in self._in_hand[queue]:
            self._in_hand[queue].remove(given)
            self.world.bag.give_back(given.letters if "late_acknowledgement" not in self.world.off else ())

    def _watch_timers(self) -> None:
        """Only when something is due: to look in vain has no effect."""
        pause = self.world.until_next_timer()
        if "timer_watch" in self.world.off:
            return
        if pause > 0:
            self.after(pause, self._watch_timers)
        else:
            self._look_at_timers()

    def _look_at_timers(self) -> None:
        self.spawn(self.take_timers(), lambda error, found: self._again(found))

    def _again(self, found: int | None) -> None:
        self.after(self.world.dice.uniform(0.001, 0.01) if found else 0.05, self._watch_timers)

    async def take_timers(self) -> int:
        """What `Timers.run` does once."""
        async with self.store.connection() as connection:
            reading: Any = connection
            due = await timers.due(reading, _AT_ONCE)
        if due:
            self.world.tell(self.name, f"takes {len(due)} timers")
            if "timers_in_transaction" in self.world.off:
                await self._take_away(due)
            await self.real.workflows.take(due)
        return len(due)

    async def _take_away(self, due: list[Timer]) -> None:
        """How it would be done by a queue outside of the database."""
        async with self.store.unit() as unit:
            writing: Any = unit
            await timers.remove(writing, [timer.id for timer in due])
        self.world.taken.update({timer.id: timer for timer in due})

    def _sweep(self) -> None:
        self.spawn(self.real.recover.sweep(), lambda error, _: self._swept(error))

    def _swept(self, error: Exception | None) -> None:
        if error is not None:
            self.world.fault("a sweep failed", f"{type(error).__name__}: {error}")
        self.after(self.world.sweep_pause(), self._sweep)
