"""Trouble, of one kind after the other, until the world is healed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.processes import Process

if TYPE_CHECKING:
    from tests.simulator.world import World


class Nemesis:
    def __init__(self, world: World) -> None:
        self._world = world

    def start(self) -> None:
        if self._world.faults.events:
            self._later()

    def _later(self) -> None:
        pause = self._world.dice.expovariate(1 / self._world.faults.gap)
        self._world.clock.after(pause, self._strike)

    def _strike(self) -> None:
        if self._world.healed:
            return
        kind = self._world.dice.choice(self._world.faults.events)
        getattr(self, f"_{kind}")()
        self._later()

    def _long(self) -> float:
        dice = self._world.dice
        return dice.uniform(10.0, 60.0) if dice.random() < self._world.faults.long else dice.uniform(1.0, 10.0)

    def _kill(self, process: Process) -> None:
        process.crash()
        self._world.restart(process, self._long())

    def _kill_executor(self) -> None:
        self._kill(self._world.dice.choice(self._world.executors))

    def _kill_executors(self) -> None:
        for executor in self._world.executors:
            self._kill(executor)

    def _freeze_executor(self) -> None:
        self._world.dice.choice(self._world.executors).freeze(self._long())

    def _kill_api(self) -> None:
        self._kill(self._world.api)

    def _kill_worker(self) -> None:
        self._kill(self._world.dice.choice(self._world.workers))

    def _freeze_worker(self) -> None:
        self._world.dice.choice(self._world.workers).freeze(self._long())

    def _cut_worker(self) -> None:
        self._world.dice.choice(self._world.workers).cut(self._long())

    def _drain_worker(self) -> None:
        self._world.dice.choice(self._world.workers).drain()

    def _broker_away(self) -> None:
        self._world.broker_away(self._long())

    def _database_away(self) -> None:
        self._world.database_away(self._long())

    def _purge(self) -> None:
        for queue in self._world.bag.ready:
            lost = self._world.bag.purge(queue)
            if lost:
                self._world.tell("broker", f"forgets {lost} of {queue}")

    def _jump(self) -> None:
        """The whole machine stood still."""
        seconds = self._world.dice.uniform(5.0, 100.0)
        self._world.tell("world", f"stands still for {seconds:.0f} s")
        self._world.clock.jump(seconds)
        for executor in self._world.executors:
            executor.notice_pause()
