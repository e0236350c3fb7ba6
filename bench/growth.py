"""What a task costs as things grow: longer workflows and lists, more packs, more processes, larger results.

Prints the tables of docs/reference/performance.md. Usage: python -m bench.growth [TABLE...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from bench.load import Run, measured, side_by_side, summary, until_ended, until_idle
from bench.pack import sequence, write_pack
from bench.platform import Platform, own_folder, services

_TASKS, _FLOWS = 2_000, 8
_LENGTHS, _LISTS, _PACKS, _PROCESSES = (10, 100, 1_000), (100, 1_000, 10_000, 100_000), (1, 10, 100), (1, 2, 4)
_RESULTS = (100, 10_000, 1_000_000)
_OURS = ("api", "executor", "notifier", "worker")
Rows = list[tuple[str, dict[str, Any]]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}; default: all")
    names = parser.parse_args().tables or list(TABLES)
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        print(_table(name, uvloop.run(TABLES[name]())), flush=True)


def _table(name: str, rows: Rows) -> str:
    head = f"| {name.replace('_', ' ')} | per s | CPU ms each | executor | PostgreSQL | RabbitMQ | worker |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    for label, figures in rows:
        rate = next(value for key, value in figures.items() if key.endswith("_per_s"))
        parts = [figures["cpu_by_process"].get(part, 0.0) for part in ("executor", "postgresql", "rabbitmq", "worker")]
        shown = " | ".join(f"{part:.2f}" for part in (figures["cpu_s_per_1000"], *parts))
        lines.append(f"| {label} | {rate:,.0f} | {shown} |")
    return "\n".join([*lines, ""])


@asynccontextmanager
async def _platform(executors: int = 1, workers: int = 1) -> AsyncIterator[Platform]:
    """With the pack of the bench, and workflows of all lengths in it."""
    with own_folder() as folder:
        async with services(folder, executors, workers) as platform:
            await platform.attune.packs.register(_pack(folder / "bench"))
            yield platform


def _pack(root: Path) -> Path:
    write_pack(root)
    for length in _LENGTHS:
        _json(root / "workflows" / f"seq_{length}.yaml", sequence(f"seq_{length}", length))
    (root / "actions" / "fill.py").write_text("def run(size):\n    return {'text': 'x' * size}\n")
    _json(root / "actions" / "fill.yaml", {
        "ref": "bench.fill", "label": "Fill", "runtime": "python", "entry_point": "fill.py",
        "parameters": {"size": {"type": "integer"}},
    })  # fmt: skip
    return root


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content) + "\n")


async def _flows(platform: Platform, ref: str, tasks: int, flows: int) -> dict[str, Any]:
    """The second of two runs."""
    await _crowd(platform, ref, tasks, flows)
    return summary([await _crowd(platform, ref, tasks, flows)], "tasks")


async def _crowd(platform: Platform, ref: str, tasks: int, flows: int) -> Run:
    attune = platform.attune

    async def work() -> Sequence[float]:
        await side_by_side([lambda: attune.workflows.execute(ref, {}) for _ in range(flows)])
        await until_idle(attune, ref)
        return []

    return await measured(platform, flows * tasks, work)


async def _list(platform: Platform, items: int) -> Run:
    async def work() -> Sequence[float]:
        started = await platform.attune.workflows.execute("bench.fan_out", {"items": items})
        await until_ended(platform.attune, started["id"], 0.1)
        return []

    return await measured(platform, items, work)


async def tasks_in_a_workflow() -> Rows:
    async with _platform() as platform:
        return [(f"{length:,}", await _flows(platform, f"bench.seq_{length}", length, _FLOWS)) for length in _LENGTHS]


async def items_in_a_list() -> Rows:
    async with _platform() as platform:
        await _list(platform, 100)
        return [(f"{items:,}", summary([await _list(platform, items)], "items")) for items in _LISTS]


async def a_million_items() -> Rows:
    """Ten lists of 100,000, one after the other, with the memory of each process after it."""
    rows: Rows = []
    async with _platform() as platform:
        for number in range(1, 11):
            run = await _list(platform, _LISTS[-1])
            rows.append((f"{number * run.count:,} ({_memory(run)})", summary([run], "items")))
    return rows


def _memory(run: Run) -> str:
    return "MB: " + ", ".join(f"{name} {size:.0f}" for name, size in sorted(run.rss.items()) if name in _OURS)


async def a_million_tasks() -> Rows:
    """Ten times 10,000 workflows of ten tasks, with the memory of each process after them."""
    rows: Rows = []
    async with _platform() as platform:
        for number in range(1, 11):
            run = await _crowd(platform, "bench.sequence", 10, 10_000)
            rows.append((f"{number * run.count:,} ({_memory(run)})", summary([run], "tasks")))
    return rows


async def packs() -> Rows:
    rows: Rows = []
    registered = 1
    async with _platform() as platform:
        with tempfile.TemporaryDirectory(prefix="attune-bench-") as folder:
            for count in _PACKS:
                for number in range(registered, count):
                    await platform.attune.packs.register(_small(Path(folder) / f"p{number}"))
                registered = count
                rows.append((f"{count:,}", await _flows(platform, "bench.sequence", 10, _TASKS // 10)))
    return rows


def _small(root: Path) -> Path:
    (root / "actions").mkdir(parents=True)
    _json(root / "pack.yaml", {"ref": root.name, "label": root.name, "version": "1.0.0"})
    (root / "actions" / "a.py").write_text("def run():\n    return None\n")
    _json(root / "actions" / "a.yaml", {
        "ref": f"{root.name}.a", "label": "A", "runtime": "python", "entry_point": "a.py",
    })  # fmt: skip
    return root


async def executors_and_workers() -> Rows:
    rows: Rows = []
    for count in _PROCESSES:
        async with _platform(count, count) as platform:
            rows.append((f"{count} and {count}", await _flows(platform, "bench.sequence", 10, _TASKS // 10)))
    return rows


async def bytes_in_a_result() -> Rows:
    rows: Rows = []
    async with _platform() as platform:
        for size in _RESULTS:
            rows.append((f"{size:,}", summary([await _filled(platform, size)], "tasks")))
    return rows


async def _filled(platform: Platform, size: int, count: int = 20) -> Run:
    attune = platform.attune

    async def work() -> Sequence[float]:
        await side_by_side([lambda: attune.executions.start("bench.fill", {"size": size}) for _ in range(count)])
        await until_idle(attune, "bench.fill")
        return []

    await work()
    return await measured(platform, count, work)


TABLES: dict[str, Callable[[], Awaitable[Rows]]] = {
    table.__name__: table
    for table in (
        tasks_in_a_workflow,
        items_in_a_list,
        packs,
        executors_and_workers,
        bytes_in_a_result,
        a_million_items,
        a_million_tasks,
    )
}

if __name__ == "__main__":
    main()
