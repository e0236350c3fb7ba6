"""Memory and descriptors of every life of every process, looked at now and then."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.processes import Supervised

_EVERY = 2.0
_WARM = 20.0
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(slots=True)
class Course:
    """Of one life, from when it was warm: (Unix time, MiB resident, descriptors)."""

    points: list[tuple[float, float, int]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.points[-1][0] - self.points[0][0] if self.points else 0.0


class Vitals:
    def __init__(self, processes: Mapping[str, Supervised]) -> None:
        self._processes = processes
        self._courses: dict[str, dict[int, Course]] = {}

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            for name, process in self._processes.items():
                life = process.life
                if life is not None and time.time() - life.began > _WARM:
                    with contextlib.suppress(OSError, ValueError, IndexError):
                        point = (time.time(), *_look(life.pid))
                        self._courses.setdefault(name, {}).setdefault(life.pid, Course()).points.append(point)
            await asyncio.sleep(_EVERY)

    def report(self) -> dict[str, Any]:
        """Of the longest life of each process: its length, first, most and last of both."""
        longest = {name: max(lives.values(), key=lambda life: life.seconds) for name, lives in self._courses.items()}
        return {name: _summary(course) for name, course in sorted(longest.items())}


def _look(pid: int) -> tuple[float, int]:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE_MIB, len(os.listdir(f"/proc/{pid}/fd"))


def _summary(course: Course) -> dict[str, Any]:
    memory = [round(point[1], 1) for point in course.points]
    descriptors = [point[2] for point in course.points]
    return {
        "seconds": round(course.seconds),
        "mib": [memory[0], max(memory), memory[-1]],
        "fds": [descriptors[0], max(descriptors), descriptors[-1]],
    }
