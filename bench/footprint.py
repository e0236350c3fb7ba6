"""Memory of an idle platform, and how long starting takes. Prints one JSON object.

Memory in MB: `rss` as each process counts it, `pss` with what several share divided among them. Start: from the
beginning of the process `attune dev`, on a data directory that it has used before, to the end of a first workflow.
Usage: python -m bench.footprint
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import uvloop

from attune_cli.demo.platform import dev_platform
from attune_client import AsyncAttune
from bench.load import until_ended
from bench.pack import write_pack
from bench.platform import QUIET, own_folder, services

_IDLE_SECONDS = 8.0
_STARTS = 3


def main() -> None:
    report: dict[str, Any] = {"help_ms": _help()}
    with own_folder() as folder:
        report["services_mb"] = uvloop.run(_services(folder))
    with own_folder() as folder:
        report |= uvloop.run(_dev(folder))
    print(json.dumps(report, indent=2))


def _help() -> float:
    command = [str(Path(sys.executable).parent / "attune"), "--help"]
    took = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took))


async def _services(folder: Path) -> dict[str, Any]:
    async with services(folder, 1, 1) as platform:
        await asyncio.sleep(_IDLE_SECONDS)
        parts = {name: _memory([pid]) for pid, name in platform.names.items()}
    return {**parts, "all": {kind: sum(part[kind] for part in parts.values()) for kind in ("rss", "pss")}}


async def _dev(folder: Path) -> dict[str, Any]:
    """Once to make the data directory and to register; then to be measured."""
    pack = write_pack(folder / "bench")
    await _started(folder, pack)
    runs = [await _started(folder, None) for _ in range(_STARTS)]
    return {
        "dev_mb": runs[-1][1],
        "dev_seconds_to_first_workflow": round(statistics.median(took for took, _ in runs), 2),
    }


async def _started(folder: Path, pack: Path | None) -> tuple[float, dict[str, int]]:
    """(seconds to the first finished workflow, memory of the process when it is idle again)."""
    began = time.perf_counter()
    async with dev_platform(folder, QUIET) as become_ready, AsyncAttune.at(await become_ready()) as attune:
        if pack is not None:
            await attune.packs.register(pack)
        started = await attune.workflows.execute("bench.sequence", {})
        await until_ended(attune, started["id"], 0.02)
        took = time.perf_counter() - began
        await asyncio.sleep(_IDLE_SECONDS)
        return took, _memory(_own_dev())


def _own_dev() -> list[int]:
    """The process of `attune dev` alone: PostgreSQL is below it."""
    return [int(pid) for each in Path("/proc/self/task").glob("*/children") for pid in each.read_text().split()]


def _memory(pids: Iterable[int]) -> dict[str, int]:
    sizes = {"Rss": 0, "Pss": 0}
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in sizes:
                sizes[name] += int(rest.split()[0])
    return {name.lower(): round(size / 1024) for name, size in sizes.items()}


if __name__ == "__main__":
    main()
