"""One iteration of 100, 10,000 and 100,000 items through a real executor: what the end of one item costs, and memory.

The executor, the memory bus and a worker that answers at once are one process over an embedded PostgreSQL (fsync off:
what is measured is work, not the disk). A completion has to cost the same at every length, at the beginning and at the
end of the list. Usage: python -m bench.items [SIZE...]. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.store.embedded.cluster import EmbeddedPostgres
from attune_common.store.migrate import ensure_database, migrate

SIZES = (100, 10_000, 100_000)
_BAD = 0.7
_TICKS = os.sysconf("SC_CLK_TCK")
_PARTS = 10
_FLOW = """
ref: t.many
parameters: {count: {type: integer, required: true}}
tasks:
  - name: each
    action: t.echo
    with_items: "{{ range(parameters.count) | list }}"
    on_item_failure: continue
    input: {n: "{{ item }}"}
output_map: {count: "{{ task.each.succeeded_count }}"}
"""


class _Forgetful(list[ExecutionScheduled]):
    """The memory that is measured is not that of the worker."""

    def extend(self, _: object) -> None:
        pass


@dataclass
class Clock:
    """Where the work is: CPU of this process and of PostgreSQL's, wall time, resident memory."""

    postmaster: int
    points: list[dict[str, float]] = field(default_factory=list)

    def read(self) -> dict[str, float]:
        return {
            "wall": time.perf_counter(),
            "cpu": time.process_time(),
            "postgres": _children_cpu(self.postmaster),
            "memory": _memory(),
        }

    def mark(self) -> None:
        self.points.append(self.read())


def _children_cpu(parent: int) -> float:
    """Seconds of CPU of PostgreSQL's processes that live, and of those that ended."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == parent or stat.parent.name == str(parent):
            total += (int(words[11]) + int(words[12])) / _TICKS
        if stat.parent.name == str(parent):
            total += (int(words[13]) + int(words[14])) / _TICKS
    return total


def _memory() -> float:
    """MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def measure(world: World, clock: Clock, size: int) -> dict[str, Any]:
    """One run with one bad item; figures per item, by tenths of the list."""
    done, bad = 0, int(size * _BAD)
    clock.points.clear()

    def answer(job: ExecutionScheduled) -> Reply:
        nonlocal done
        done += 1
        if done % max(1, size // _PARTS) == 0:
            clock.mark()
        return Reply("failed", error="bad") if job.parameters.get("n") == bad else Reply(result={"n": done})

    world.worker.script = answer
    gc.collect()
    begin = clock.read()
    execution = await world.request("t.many", {"count": size})
    row = await world.ended(execution, deadline=3600)
    end = clock.read()
    error = row["error"] or {}
    if row["status"] != "failed" or error.get("first_error", {}).get("index") != bad:
        raise SystemExit(f"{size} items: {row['status']} {error}")
    return {"items": size, "error": error["message"], **_figures(size, begin, clock.points, end)}


def _figures(
    size: int, begin: Mapping[str, float], points: list[dict[str, float]], end: Mapping[str, float]
) -> dict[str, Any]:
    """Microseconds per item. `first` and `last` are tenths of the list; the first includes the list itself."""
    share = size / _PARTS

    def per_item(before: Mapping[str, float], after: Mapping[str, float], count: float) -> dict[str, float]:
        used = {name: round((after[name] - before[name]) / count * 1e6, 1) for name in ("wall", "cpu", "postgres")}
        return used

    middle = points[1:-1]
    return {
        "us_per_item": per_item(begin, end, size),
        "second_tenth": per_item(points[0], points[1], share),
        "last_tenth": per_item(points[-2], points[-1], share),
        "items_per_second": round(size / (end["wall"] - begin["wall"])),
        "memory_mib": {
            "before": round(begin["memory"]),
            "after_a_fifth": round(points[1]["memory"]),
            "most_after_that": round(max(point["memory"] for point in middle)),
            "end": round(end["memory"]),
        },
    }


async def run(dsn: str, postmaster: int, sizes: list[int]) -> list[dict[str, Any]]:
    await ensure_database(dsn)
    await migrate(dsn)
    world = World(dsn)
    await world.open()
    try:
        world.worker.jobs = _Forgetful()
        await world.define(_FLOW)
        await world.start()
        found = []
        for size in sizes:
            print(f"{size} items ...", file=sys.stderr, flush=True)
            found.append(await measure(world, Clock(postmaster), size))
        return found
    finally:
        await world.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.items", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="SIZE", default=list(SIZES))
    sizes = parser.parse_args().sizes
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder), options={"fsync": "off", "synchronous_commit": "off"})
        try:
            dsn = server.start()
            pid = int(next(Path(folder).rglob("postmaster.pid")).read_text().split()[0])
            print(json.dumps(asyncio.run(run(dsn, pid, sizes)), indent=2))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
