"""How long nothing moved after each fault, from the times of all decisions."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tests.chaos.effects import Effect
from tests.chaos.faults import Fault
from tests.chaos.processes import Supervised

_WATCHED = 10.0
_BACK = ("broker.kill", "broker.freeze", "database.fast", "database.immediate", "blackout", "process.kill-all")
"""Faults after which time counts from the moment when the server or the process was back."""


def report(faults: Sequence[Fault], progress: Sequence[float]) -> dict[str, Any]:
    """By kind of fault: how many, and the seconds without progress: median, most, most of those with no other
    fault at the same time (`alone`, null when there was none)."""
    gaps: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for fault in faults:
        gap = _gap(fault, progress)
        if gap is not None and not fault.note.startswith("not possible"):
            gaps[_name(fault)].append((gap, _alone(fault, gap, faults)))
    return {kind: _summary(found) for kind, found in sorted(gaps.items())}


def _name(fault: Fault) -> str:
    """Of a single process, its kind counts."""
    if len(fault.targets) == 1 and fault.targets[0] not in ("broker", "database"):
        return f"{fault.kind} {fault.targets[0].partition('-')[0]}"
    return fault.kind


def _gap(fault: Fault, progress: Sequence[float]) -> float | None:
    """Until the first decision after the server was back; for other faults the longest silence that began in them."""
    end = fault.until or fault.at
    if fault.kind in _BACK:
        place = bisect_left(progress, end)
        return progress[place] - end if place < len(progress) else None
    first = max(0, bisect_right(progress, fault.at) - 1)
    last = bisect_right(progress, min(end, fault.at + _WATCHED) + _WATCHED)
    moments = progress[first : last + 1]
    return max((b - a for a, b in itertools.pairwise(moments)), default=None)


def _alone(fault: Fault, gap: float, faults: Iterable[Fault]) -> bool:
    begin, end = fault.at - 3.0, max(fault.until or 0.0, fault.at) + gap
    return not any(other is not fault and other.touches(begin, end) for other in faults)


def _summary(found: list[tuple[float, bool]]) -> dict[str, Any]:
    seconds = sorted(gap for gap, _ in found)
    alone = [gap for gap, is_alone in found if is_alone]
    return {
        "n": len(seconds),
        "median": round(seconds[len(seconds) // 2], 2),
        "most": round(seconds[-1], 2),
        "alone": round(max(alone), 2) if alone else None,
    }


def begun_again(effects: dict[int, list[Effect]], workers: Iterable[Supervised]) -> dict[str, Any]:
    """Seconds from the kill of a worker to the next beginning of what it was running."""
    killed = {life.pid: life.ended for each in workers for life in each.lives if life.signal == 9 and life.ended}
    waits = []
    for runs in effects.values():
        for run, following in itertools.pairwise(runs):
            died = killed.get(run.pid)
            if died is not None and run.ended is None and run.began < died <= following.began:
                waits.append(following.began - died)
    waits.sort()
    if not waits:
        return {"n": 0}
    return {"n": len(waits), "median": round(waits[len(waits) // 2], 2), "most": round(waits[-1], 2)}
