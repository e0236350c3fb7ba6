"""The side effects as the actions themselves wrote them down: which ran more than once, and whether a fault excuses it.

An attempt may run again only where its worker was killed, frozen or cut off from the broker, or where the broker itself
was away or lost messages, or where the machine kept the worker from running: never because of the database, the API or
an executor. Nothing excuses a second beginning of what must not run twice.
"""

from __future__ import annotations

import itertools
import signal
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import starving
from tests.chaos.faults import Fault
from tests.chaos.processes import Supervised

_BEFORE = 12.0
"""Seconds: a worker that was cut off so long before a job began may have been given up while it ran."""
_CUT_OFF = ("process.freeze", "link.hang", "link.cut")


@dataclass(slots=True)
class Effect:
    """One run of an action, by the process that was its worker."""

    execution: int
    attempt: int
    token: str
    pid: int
    began: float
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """`again` ran although `first` had begun under the same attempt."""

    first: Effect
    again: Effect
    excuse: str

    @property
    def doubled(self) -> bool:
        """Both came to their end: the effect happened twice."""
        return self.first.ended is not None and self.again.ended is not None


def read(path: Path) -> dict[int, list[Effect]]:
    """By execution, in the order of their beginning."""
    begun: dict[tuple[str, str, str, str], Effect] = {}
    found: dict[int, list[Effect]] = defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else ():
        kind, key, attempt, token, pid, at = line.split()
        if kind == "begin":
            effect = Effect(int(key.removeprefix("attune-")), int(attempt), token, int(pid), float(at))
            begun[(key, attempt, token, pid)] = effect
            found[effect.execution].append(effect)
        elif (key, attempt, token, pid) in begun:
            begun[(key, attempt, token, pid)].ended = float(at)
    return found


@dataclass
class Judgement:
    """`faults` and the lives of processes say what can excuse a repeat, or the loss of a worker."""

    faults: Sequence[Fault]
    processes: Mapping[str, Supervised]

    def repeats(self, effects: list[Effect]) -> list[Repeat]:
        """Of one execution: each run of an attempt after its first."""
        attempts: dict[int, list[Effect]] = defaultdict(list)
        for effect in effects:
            attempts[effect.attempt].append(effect)
        pairs = [pair for runs in attempts.values() for pair in itertools.pairwise(runs)]
        return [Repeat(first, again, self._excuse_of(first, again)) for first, again in pairs]

    def _excuse_of(self, first: Effect, again: Effect) -> str:
        """The trouble of either worker: one that wakes up may run what was given to another meanwhile."""
        workers = (self._worker_of(effect) for effect in (first, again))
        excuses = (self.excuse(worker, first.began, again.began) for worker in workers)
        return next(filter(None, excuses), "")

    def _worker_of(self, effect: Effect) -> str:
        return next((name for name, each in self.processes.items() if any(_is(each, effect.pid))), "")

    def excuse(self, worker: str, began: float, ended: float) -> str:
        """The fault for which an attempt of the worker may have been given up in that time; empty: none."""
        process = self.processes.get(worker)
        for life in process.lives if process else ():
            if life.signal == signal.SIGKILL and life.ended and began <= life.ended <= ended:
                return "process.kill"
        excuses = (each for each in self.faults if each.touches(began - _BEFORE, ended) and _excuses(each, worker))
        return next((fault.kind for fault in excuses), "")


def _is(process: Supervised, pid: int) -> Iterator[bool]:
    return (life.pid == pid for life in process.lives)


def _excuses(fault: Fault, worker: str) -> bool:
    if fault.kind == starving.KIND:
        return worker in fault.targets
    if fault.kind.startswith("broker.") or fault.kind == "blackout":
        return True
    cut_off = worker in fault.targets and fault.kind in _CUT_OFF
    return cut_off and (not fault.kind.startswith("link.") or "broker" in fault.note)
