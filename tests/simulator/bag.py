"""The broker: a bag from which messages come in any order, some of them twice, some of them never."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attune_common.bus import topology
from attune_common.bus.bus import BusUnavailable, Subscription
from attune_common.contracts.base import Message
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import (
    ExecutionAccepted,
    ExecutionCancel,
    ExecutionCompleted,
    ExecutionRequested,
    ExecutionScheduled,
)
from attune_common.contracts.inquiry import InquiryResponded
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.contracts.workflow import RunRequested

if TYPE_CHECKING:
    from tests.simulator.world import World

_KINDS: dict[type[Message], str] = {
    ExecutionRequested: "execution.requested",
    ExecutionCompleted: "execution.completed",
    ExecutionAccepted: "execution.accepted",
    WorkerHeartbeat: "worker.heartbeat",
    EventCreated: "event.created",
    InquiryResponded: "inquiry.responded",
    RunRequested: "run.requested",
}
EXECUTOR_QUEUES = {kind: topology.executor(name).queue for kind, name in _KINDS.items()}
JOBS = topology.worker(topology.DEFAULT_POOL, 1).queue
HEARD = (*_KINDS, ExecutionScheduled, ExecutionCancel)
"""Messages that somebody takes; the others are told to watchers only."""


@dataclass(eq=False, slots=True)
class Letter:
    """A message in a queue or in somebody's hand. `taken` counts how often it was given to a handler."""

    queue: str
    message: Message
    taken: int = 0


class Bag:
    """`ready`: what has arrived and nobody has in hand. `on_arrival` is told the queue."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ready: dict[str, list[Letter]] = {queue: [] for queue in (*EXECUTOR_QUEUES.values(), JOBS)}
        self.on_arrival: Callable[[str], None] = lambda queue: None
        self.on_control: Callable[[ExecutionCancel], None] = lambda message: None
        self.under_way = 0

    def publish(self, messages: Iterable[Message]) -> None:
        """Errors: BusUnavailable."""
        if not self._world.broker_up:
            raise BusUnavailable("the broker is away")
        for message in messages:
            self._send(message)

    def _send(self, message: Message) -> None:
        dice, faults = self._world.dice, self._world.faults
        if dice.random() < (0.5 if type(message).__name__ == faults.starved else faults.lost):
            self._world.tell("broker", f"loses {brief(message)}")
            return
        self._deliver(message, self._delay())
        if dice.random() < faults.doubled:
            self._world.tell("broker", f"doubles {brief(message)}")
            self._deliver(message, dice.uniform(0.0, dice.choice([0.02, 15.0])))

    def _deliver(self, message: Message, delay: float) -> None:
        self.under_way += 1
        self._world.clock.after(delay, lambda: self._arrive(message))

    def _delay(self) -> float:
        dice, faults = self._world.dice, self._world.faults
        roll = dice.random()
        if roll < faults.very_late:
            return dice.uniform(1.0, 45.0)
        return dice.uniform(0.05, 5.0) if roll < faults.late else dice.uniform(0.001, 0.03)

    def _arrive(self, message: Message) -> None:
        self.under_way -= 1
        if isinstance(message, ExecutionCancel):
            self.on_control(message)
            return
        queue = JOBS if isinstance(message, ExecutionScheduled) else EXECUTOR_QUEUES[type(message)]
        self.give_back([Letter(queue, message)])

    def give_back(self, letters: Iterable[Letter]) -> None:
        """Put letters (back) into their queues."""
        for letter in letters:
            self.ready[letter.queue].append(letter)
            self.on_arrival(letter.queue)

    def take(self, queue: str, most: int) -> list[Letter]:
        """Up to `most` letters, in any order."""
        ready = self.ready[queue]
        self._world.dice.shuffle(ready)
        taken, self.ready[queue] = ready[:most], ready[most:]
        for letter in taken:
            letter.taken += 1
        return taken

    def purge(self, queue: str) -> int:
        lost, self.ready[queue] = len(self.ready[queue]), []
        return lost


class Port:
    """The bus as the executor sees it."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def healthy(self) -> bool:
        return self._world.broker_up

    async def declare(self, subscription: Subscription) -> None:
        """Queues are always there."""

    async def depth(self, queue: str) -> tuple[int, int]:
        if not self._world.broker_up:
            raise BusUnavailable("the broker is away")
        consumers = sum(worker.listens for worker in self._world.workers) if queue == JOBS else 1
        return len(self._world.bag.ready[queue]), consumers


def brief(message: Message) -> str:
    """A message in a few words, for stories."""
    match message:
        case ExecutionCompleted():
            return f"completed {message.execution_id}.{message.attempt} {message.status} ({message.token[:6]})"
        case ExecutionScheduled():
            return f"job {message.execution_id}.{message.attempt} ({message.token[:6]})"
        case ExecutionAccepted():
            return f"accepted {message.execution_id}.{message.attempt} ({message.token[:6]}) by {message.worker}"
        case ExecutionCancel():
            return f"cancel {message.execution_id} ({message.token[:6]})"
        case ExecutionRequested():
            return f"requested {message.execution_id}"
        case RunRequested():
            return f"run.requested {message.kind} run {message.workflow_execution_id}"
        case WorkerHeartbeat():
            return f"heartbeat of {message.worker} [{' '.join(token[:6] for token in message.tokens)}]"
        case _:
            return type(message).__name__
