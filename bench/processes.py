"""What the processes of a run have cost: CPU seconds and memory from /proc, told apart by who they are.

A process that has ended counts with the parent that waited for it, so nothing that a run started is lost.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
DRIVER, POSTGRES, BROKER = "driver", "postgresql", "rabbitmq"
_BY_COMMAND = {"postgres": POSTGRES, "beam.smp": BROKER, "epmd": BROKER, "erl_child_setup": BROKER}


@dataclass(frozen=True, slots=True)
class _Process:
    command: str
    parent: int
    cpu: float
    rss: float


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since each process began, and resident megabytes now, by name."""

    cpu: Mapping[str, float]
    rss: Mapping[str, float]

    def since(self, before: Usage) -> dict[str, float]:
        """CPU seconds by name between two looks."""
        return {name: round(cpu - before.cpu.get(name, 0.0), 3) for name, cpu in self.cpu.items()}


def usage(names: Mapping[int, str]) -> Usage:
    """This process and all below it. `names`: the processes that have one; others count with the nearest above."""
    table = _table()
    cpu: dict[str, float] = defaultdict(float)
    rss: dict[str, float] = defaultdict(float)
    for pid in table:
        name = _name(table, names, pid)
        if name is not None:
            cpu[name] += table[pid].cpu
            rss[name] += table[pid].rss
    return Usage(cpu, rss)


def _name(table: Mapping[int, _Process], names: Mapping[int, str], pid: int) -> str | None:
    """None for a process that is none of ours."""
    while pid in table:
        process = table[pid]
        if pid == os.getpid():
            return DRIVER
        if process.command in _BY_COMMAND:
            return _BY_COMMAND[process.command] if _below_us(table, pid) else None
        if pid in names:
            return names[pid]
        pid = process.parent
    return None


def _below_us(table: Mapping[int, _Process], pid: int) -> bool:
    while pid in table and pid != os.getpid():
        pid = table[pid].parent
    return pid == os.getpid()


def _table() -> dict[int, _Process]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = _read((entry / "stat").read_text())
            except (OSError, ValueError, IndexError):
                continue
    return found


def _read(stat: str) -> _Process:
    """Fields as in proc(5); the command may hold blanks and stands in brackets."""
    command = stat[stat.index("(") + 1 : stat.rindex(")")]
    fields = stat[stat.rindex(")") + 2 :].split()
    return _Process(command, int(fields[1]), sum(map(int, fields[11:15])) / _TICK, int(fields[21]) * _PAGE_MB)
