"""A burst of events: sent at a given rate through the API, some of them twice, then counted one by one.

Usage: python -m bench.burst [--rate 1000] [--seconds 20] [--target services|dev]. Each event matches a rule that starts
an action. Ends with status 1 when an event that was accepted is missing, or counts twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from attune_client import AsyncAttune
from bench.load import percentile, until_idle
from bench.pack import write_pack
from bench.plain import Line, at_rate
from bench.platform import dev, services
from bench.processes import usage

CONNECTIONS = 24
TWICE_EVERY = 10
_PAUSE = 0.2


@dataclass(slots=True)
class Tally:
    """`ids`: the event that each number was answered with; `latencies` in ms; `refused` by status, sent again."""

    ids: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.burst", description=__doc__)
    parser.add_argument("--rate", type=int, default=1_000, help="events a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--target", choices=("services", "dev"), default="services")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        figures = uvloop.run(_measure(Path(folder), options))
    print(json.dumps(figures))
    sys.exit(1 if figures["lost"] or figures["doubled"] else 0)


async def _measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    count = options.rate * options.seconds
    async with dev(folder) if options.target == "dev" else services(folder, 1, 1) as platform:
        await platform.attune.packs.register(write_pack(folder / "bench"))
        tally, before, began = Tally(), usage(platform.names), time.perf_counter()
        await _send_all(platform.attune, tally, count, options.rate)
        sent = time.perf_counter() - began
        await until_idle(platform.attune, "core.noop")
        done, spent = time.perf_counter() - began, usage(platform.names).since(before)
        started = await _started(platform.attune)
    expected = set(tally.ids.values())
    latencies = sorted(tally.latencies)
    return {
        "events": len(expected),
        "accepted_per_s": round(count / sent, 1),
        "done_per_s": round(count / done, 1),
        "lost": len(expected - set(started)) + len(tally.ids) - len(expected),
        "doubled": sum(times - 1 for times in started.values()) + len(set(started) - expected) + len(tally.wrong),
        "refused_and_sent_again": sum(tally.refused.values()),
        "cpu_ms_per_event": {name: round(seconds / count * 1000, 2) for name, seconds in sorted(spent.items())},
        "p50_ms": percentile(latencies, 0.5),
        "p99_ms": percentile(latencies, 0.99),
    }


async def _send_all(attune: AsyncAttune, tally: Tally, count: int, rate: int) -> None:
    """Open loop: each event has its time, however long the answers to others take."""
    numbers: asyncio.Queue[int] = asyncio.Queue()
    senders = [asyncio.create_task(_sender(attune, tally, numbers)) for _ in range(CONNECTIONS)]
    async for number in at_rate(count, rate):
        numbers.put_nowait(number)
        if number % TWICE_EVERY == 0:
            numbers.put_nowait(number)
    await numbers.join()
    for sender in senders:
        sender.cancel()


async def _sender(attune: AsyncAttune, tally: Tally, numbers: asyncio.Queue[int]) -> None:
    line = await Line.open(attune.transport.address)
    while True:
        number = await numbers.get()
        body = {"trigger": "bench.tick", "payload": {"n": number}, "dedup_key": f"b{number}"}
        began = time.perf_counter()
        while True:
            status, answer = await line.post("/events", body)
            if status in (200, 202):
                break
            tally.refused[status] += 1
            await asyncio.sleep(_PAUSE)
        tally.latencies.append((time.perf_counter() - began) * 1000)
        _note(tally, number, answer["id"])
        numbers.task_done()


def _note(tally: Tally, number: int, event: int) -> None:
    """An event that is sent twice is one, with one id."""
    if tally.ids.setdefault(number, event) != event:
        tally.wrong.append(f"event {number} has two ids")


async def _started(attune: AsyncAttune) -> Counter[int]:
    """How many completed executions each event has."""
    completed = attune.transport.pages("/executions", {"action": "core.noop", "status": "completed", "limit": 200})
    ended = {execution["id"] async for execution in completed}
    verdicts = attune.transport.pages("/enforcements", {"limit": 200})
    return Counter([verdict["event"] async for verdict in verdicts if verdict["execution"] in ended])


if __name__ == "__main__":
    main()
