"""What a task costs beside much that is over, and beside much that waits: two tables for docs/reference/performance.md.

Usage: python -m bench.piles [--rows 5000000] [--backlog 12000] [--turns 3]. Measured by turns, because machines drift.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import asyncpg
import uvloop

from bench.load import Figures
from bench.pack import write_pack
from bench.platform import Platform, own_folder, services
from bench.workloads import fan_out_1000, sequence, sequence_alone

_AT_ONCE = 1_200
_PORTION = 500_000
_OLD = Path(__file__).with_suffix(".sql").read_text().split(";\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.piles", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=5_000_000, help="old executions, a multiple of ten, with as many tasks"
    )
    parser.add_argument("--backlog", type=int, default=10 * _AT_ONCE, help=f"workflows at once instead of {_AT_ONCE:,}")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    print(uvloop.run(_old_rows(options.rows, options.turns)), flush=True)
    print(uvloop.run(_backlog(options.backlog, options.turns)), flush=True)


@asynccontextmanager
async def _platform() -> AsyncIterator[Platform]:
    with own_folder() as folder:
        async with services(folder, 1, 1) as platform:
            write_pack(folder / "bench")
            await platform.attune.packs.register(folder / "bench")
            await sequence(platform, 1, 1)
            yield platform


async def _old_rows(rows: int, turns: int) -> str:
    """Two platforms, one of which has the rows; the other does nothing meanwhile."""
    found: dict[str, list[Figures]] = {}
    async with AsyncExitStack() as stack:
        empty, full = [await stack.enter_async_context(_platform()) for _ in range(2)]
        _tell(f"{rows:,} old executions: {await _fill(full, rows):.0f} s")
        for turn in range(turns):
            for name, platform in (("none", empty), (f"{rows:,}", full)):
                _tell(f"turn {turn + 1}, old rows: {name}")
                found.setdefault(f"{name}: sequence", []).append(await sequence(platform, 1, _AT_ONCE / 300))
                found.setdefault(f"{name}: list of 1,000", []).append(await fan_out_1000(platform, 1, 1))
                found.setdefault(f"{name}: a step alone", []).append(await sequence_alone(platform, 1, 1))
    return _table("old executions", found)


async def _fill(platform: Platform, rows: int) -> float:
    """Seconds."""
    began = time.perf_counter()
    assert platform.servers is not None
    session = await asyncpg.connect(platform.servers.database)
    for start in range(0, rows, _PORTION):
        for statement in _OLD:
            await session.execute(statement, start, min(start + _PORTION, rows) - 1, rows)
    await session.execute("VACUUM ANALYZE")
    await session.close()
    return time.perf_counter() - began


async def _backlog(many: int, turns: int) -> str:
    found: dict[str, list[Figures]] = {}
    async with _platform() as platform:
        for turn in range(turns):
            for flows in (_AT_ONCE, many):
                _tell(f"turn {turn + 1}, workflows at once: {flows:,}")
                found.setdefault(f"{flows:,}", []).append(await sequence(platform, 1, flows / 300))
    return _table("workflows at once", found)


def _table(head: str, found: dict[str, list[Figures]]) -> str:
    lines = [
        f"| {head} | per s | CPU s per 1,000 | executor | PostgreSQL | p50 ms | p95 ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in found.items():
        rate = median(next(value for key, value in each.items() if key.endswith("_per_s")) for each in figures)
        cpu = median(each["cpu_s_per_1000"] for each in figures)
        parts = [median(each["cpu_by_process"][part] for each in figures) for part in ("executor", "postgresql")]
        times = [median(each[key] or 0.0 for each in figures) for key in ("p50_ms", "p95_ms")]
        shown = " | ".join([f"{cpu:.2f}", *(f"{part:.2f}" for part in parts), *(f"{each:.1f}" for each in times)])
        lines.append(f"| {name} | {rate:,.0f} | {shown} |")
    return "\n".join([*lines, ""])


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
