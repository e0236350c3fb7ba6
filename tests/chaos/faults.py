"""The faults: every few seconds one of them, chosen by the seed, each on something that is whole at that moment."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from tests.chaos.arena import Arena
from tests.support.proxy import Proxy
from tests.support.waiting import succeeds

Say = Callable[[str], None]


@dataclass(slots=True)
class Fault:
    """`at` and `until` in Unix time; `until` is when it was over: a server takes clients, a link passes, a process
    runs again. `targets` are the services, or `broker` or `database`."""

    kind: str
    targets: tuple[str, ...]
    at: float
    until: float | None = None
    note: str = ""

    def touches(self, begin: float, end: float) -> bool:
        return self.at <= end and (self.until is None or self.until >= begin)


@dataclass
class Faults:
    """`done` is what was injected, in order."""

    arena: Arena
    dice: Random
    say: Say
    done: list[Fault] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def inject(self, seconds: float, every: tuple[float, float], kinds: tuple[str, ...]) -> None:
        """For so many seconds; then wait until everything is as it was."""
        end = time.monotonic() + seconds
        while (pause := self.dice.uniform(*every)) < end - time.monotonic():
            await asyncio.sleep(pause)
            self._one(kinds)
        await asyncio.sleep(max(0.0, end - time.monotonic()))
        self.arena.heal()
        await asyncio.gather(*self._tasks)

    def _one(self, kinds: tuple[str, ...]) -> None:
        """Start a fault on what no other fault holds. None is possible when everything is broken already."""
        choices = [kind for kind in self.menu() if not kinds or kind.name in kinds or kind.group in kinds]
        self.dice.shuffle(choices)
        for kind in sorted(choices, key=lambda kind: self.dice.random() ** (1 / kind.weight), reverse=True):
            targets = kind.choose(self)
            if targets and not self._busy & set(targets):
                self._start(kind, targets)
                return

    def _start(self, kind: Kind, targets: tuple[str, ...]) -> None:
        fault = Fault(kind.name, targets, time.time())
        self.done.append(fault)
        self._busy |= set(targets)
        task = asyncio.create_task(self._perform(kind, fault))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, kind: Kind, fault: Fault) -> None:
        try:
            await kind.perform(self, fault)
        except OSError as problem:
            fault.note = f"not possible: {problem}"
        finally:
            fault.until = time.time()
            self._busy -= set(fault.targets)
            self.say(f"{fault.kind} {' '.join(fault.targets)} {fault.note} ({fault.until - fault.at:.1f} s)")

    def menu(self) -> list[Kind]:
        if self.arena.broker is None:
            return [kind for kind in KINDS if kind.group == "process" and kind.name != "process.freeze"]
        return KINDS

    @property
    def services(self) -> list[str]:
        return sorted(self.arena.processes)


@dataclass(frozen=True, slots=True)
class Kind:
    """`weight`: how often, compared with the others."""

    name: str
    weight: float
    choose: Callable[[Faults], tuple[str, ...]]
    perform: Callable[[Faults, Fault], Awaitable[None]]

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]


def _any_service(faults: Faults) -> tuple[str, ...]:
    return (faults.dice.choice(faults.services),)


def _all_services(faults: Faults) -> tuple[str, ...]:
    return tuple(faults.services)


def _everything(faults: Faults) -> tuple[str, ...]:
    return (*faults.services, "broker", "database")


async def _kill(faults: Faults, fault: Fault) -> None:
    await _end(faults, fault, signal.SIGKILL)


async def _terminate(faults: Faults, fault: Fault) -> None:
    await _end(faults, fault, signal.SIGTERM)


async def _end(faults: Faults, fault: Fault, number: signal.Signals) -> None:
    """Until all of them run again."""
    victims = [faults.arena.processes[name] for name in fault.targets if name in faults.arena.processes]
    lives = [(victim, life) for victim in victims if (life := victim.life) is not None]
    for victim, _ in lives:
        victim.send(number)
    await asyncio.gather(*(victim.until_restarted(life) for victim, life in lives))


async def _freeze(faults: Faults, fault: Fault) -> None:
    victim = faults.arena.processes[fault.targets[0]]
    seconds = faults.dice.uniform(3, 25)
    victim.send(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    victim.send(signal.SIGCONT)


async def _kill_broker(faults: Faults, fault: Fault) -> None:
    assert faults.arena.broker is not None
    await faults.arena.broker.kill()
    await asyncio.sleep(faults.dice.uniform(0, 4))
    await succeeds(faults.arena.broker.boot)


async def _freeze_broker(faults: Faults, fault: Fault) -> None:
    assert faults.arena.broker is not None
    seconds = faults.dice.uniform(2, 20)
    faults.arena.broker.freeze()
    await asyncio.sleep(seconds)
    faults.arena.broker.thaw()


async def _purge(faults: Faults, fault: Fault) -> None:
    broker = faults.arena.broker
    assert broker is not None
    queues = await broker.queues()
    chosen = list(queues) if faults.dice.random() < 0.3 else [faults.dice.choice(sorted(queues))]
    for queue in chosen:
        await broker.purge(queue)
    fault.note = "all queues" if len(chosen) > 1 else f"{chosen[0]}, {queues[chosen[0]]} messages"


async def _delete_queue(faults: Faults, fault: Fault) -> None:
    broker = faults.arena.broker
    assert broker is not None
    fault.note = faults.dice.choice(sorted(await broker.queues()))
    await broker.delete(fault.note)


async def _forget_vhost(faults: Faults, fault: Fault) -> None:
    assert faults.arena.broker is not None
    await faults.arena.broker.forget_vhost()
    await asyncio.sleep(faults.dice.uniform(0, 2))
    await succeeds(faults.arena.broker.make_vhost)


async def _restart_fast(faults: Faults, fault: Fault) -> None:
    assert faults.arena.database is not None
    database = faults.arena.database
    await succeeds(lambda: database.restart(signal.SIGINT))


async def _restart_at_once(faults: Faults, fault: Fault) -> None:
    assert faults.arena.database is not None
    database = faults.arena.database
    await succeeds(lambda: database.restart(signal.SIGQUIT))


async def _read_only(faults: Faults, fault: Fault) -> None:
    """As a full disk or a standby would have it."""
    database = faults.arena.database
    assert database is not None
    await database.read_only(True)
    await asyncio.sleep(faults.dice.uniform(1, 8))
    await succeeds(lambda: database.read_only(False))


async def _hang(faults: Faults, fault: Fault) -> None:
    """One link of the service, or all of them."""
    seconds = faults.dice.uniform(2, 15)
    links = _links(faults, fault)
    for link in links:
        link.hang()
    await asyncio.sleep(seconds)
    for link in links:
        link.heal()


async def _cut(faults: Faults, fault: Fault) -> None:
    """Open connections end at once; in half of the cases nothing gets through for some seconds."""
    links = _links(faults, fault)
    for link in links:
        link.refuse()
    if faults.dice.random() < 0.5:
        await asyncio.sleep(faults.dice.uniform(0.5, 8))
    for link in links:
        link.heal()


def _links(faults: Faults, fault: Fault) -> list[Proxy]:
    own = {server: link for (service, server), link in faults.arena.links.items() if service == fault.targets[0]}
    chosen = sorted(own) if faults.dice.random() < 0.25 else [faults.dice.choice(sorted(own))]
    fault.note = "to " + ", ".join(chosen)
    return [own[server] for server in chosen]


async def _blackout(faults: Faults, fault: Fault) -> None:
    """All services, the broker and the database at once."""
    ending = asyncio.create_task(_end(faults, fault, signal.SIGKILL))
    await asyncio.gather(_kill_broker(faults, fault), _restart_at_once(faults, fault))
    await ending


def _only(name: str) -> Callable[[Faults], tuple[str, ...]]:
    return lambda faults: (name,)


KINDS = [
    Kind("process.kill", 6, _any_service, _kill),
    Kind("process.kill-all", 0.7, _all_services, _kill),
    Kind("process.term", 4, _any_service, _terminate),
    Kind("process.freeze", 4, _any_service, _freeze),
    Kind("broker.kill", 2, _only("broker"), _kill_broker),
    Kind("broker.freeze", 2, _only("broker"), _freeze_broker),
    Kind("broker.purge", 2, _only("broker"), _purge),
    Kind("broker.queue", 1, _only("broker"), _delete_queue),
    Kind("broker.vhost", 0.7, _only("broker"), _forget_vhost),
    Kind("database.fast", 2, _only("database"), _restart_fast),
    Kind("database.immediate", 2, _only("database"), _restart_at_once),
    Kind("database.read-only", 1, _only("database"), _read_only),
    Kind("link.hang", 4, _any_service, _hang),
    Kind("link.cut", 4, _any_service, _cut),
    Kind("blackout", 0.5, _everything, _blackout),
]
