"""`python -m tests.chaos.overload`: far more work than the machine can do; then one huge iteration beside small work.

The first part finds out how much is done per second, asks for ten times as much for `--seconds`, and counts: whatever
was accepted completes, everything else was a 503 with Retry-After, and memory stays flat. The second part measures
small workflows alone, and beside an iteration of `--items`. One line of JSON is the last one; status 1 when something
is not as it must be.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from attune_client import AsyncAttune
from tests.chaos.arena import ServicesArena
from tests.chaos.plan import Plan
from tests.chaos.rows import rows
from tests.chaos.vitals import Vitals
from tests.e2e.running import write
from tests.support.waiting import until

_CONNECTIONS, _PROBE_SECONDS, _PROBE_RATE = 800, 5.0, 10_000.0
_SETTLE = 600.0
_LONGEST = 1_800.0
_TIMES = 10
_MOST_GROWTH_MIB, _MOST_P99_GROWTH = 64.0, 1.0
PACK = {
    "pack.yaml": "ref: load\nlabel: Load\nversion: 1.0.0\n",
    "workflows/small.yaml": "ref: load.small\ntasks:\n  - {name: a, action: core.noop, on_success: b}\n"
    "  - {name: b, action: core.noop}\n",
    "workflows/huge.yaml": "ref: load.huge\nparameters: {count: {type: integer, required: true}}\ntasks:\n"
    "  - {name: each, action: core.noop, with_items: '{{ range(parameters.count) | list }}', concurrency: 200}\n",
}
_LEFT = """
SELECT count(*) FILTER (WHERE status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned')) AS live,
       count(*) FILTER (WHERE status = 'completed') AS completed
FROM attune.execution WHERE id = ANY($1::bigint[])
"""


@dataclass
class Tally:
    """`unpolite`: refusals that do not say when to come again, and answers that are no refusal."""

    accepted: list[int] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    unpolite: int = 0


@dataclass
class Sender:
    """Open loop: so many requests a second by the clock, over as many connections as are free."""

    arena: ServicesArena
    tally: Tally = field(default_factory=Tally)

    async def send(self, rate: float, seconds: float) -> None:
        due: asyncio.Queue[int] = asyncio.Queue(maxsize=_CONNECTIONS)
        senders = [asyncio.create_task(self._serve(due)) for _ in range(_CONNECTIONS)]
        began, number = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            await due.put(number)
            number += 1
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        await due.join()
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)

    async def _serve(self, due: asyncio.Queue[int]) -> None:
        place = urlsplit(self.arena.url)
        body = '{"parameters": {}}'
        request = (
            f"POST /api/v1/workflows/load.small/execute HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {self.arena.token}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        while True:
            await due.get()
            try:
                writer.write(request)
                self._note(*await _answer(reader))
            except (OSError, asyncio.IncompleteReadError):
                self.tally.answers["connection lost"] += 1
                reader, writer = await asyncio.open_connection(place.hostname, place.port)
            finally:
                due.task_done()

    def _note(self, status: int, headers: dict[str, str], body: bytes) -> None:
        told = json.loads(body)
        self.tally.answers[f"{status} {told.get('code', '')}".strip()] += 1
        if status == 202:
            self.tally.accepted.append(told["id"])
        elif status != 503 or "retry-after" not in headers:
            self.tally.unpolite += 1


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if value}
    return int(head[0].split(" ")[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def overload(arena: ServicesArena, seconds: float) -> dict[str, Any]:
    """Capacity, then ten times as much of it."""
    await _capacity(arena)
    capacity = await _capacity(arena)
    vitals, sender = Vitals(arena.processes), Sender(arena)
    watching = asyncio.create_task(vitals.watch())
    began = time.monotonic()
    await sender.send(capacity * _TIMES, seconds)
    sent = time.monotonic() - began
    completed = await _until_done(arena, sender.tally.accepted)
    watching.cancel()
    tally = sender.tally
    return {
        "capacity_per_s": round(capacity, 1),
        "asked_per_s": round(sum(tally.answers.values()) / sent, 1),
        "answers": dict(tally.answers),
        "accepted": len(tally.accepted),
        "unfinished": len(tally.accepted) - completed,
        "unpolite": tally.unpolite,
        "done_after_s": round(time.monotonic() - began - sent, 1),
        "vitals": vitals.report(),
        "grown": [name for name, each in vitals.report().items() if each["mib"][2] - each["mib"][0] > _MOST_GROWTH_MIB],
    }


async def _capacity(arena: ServicesArena) -> float:
    """Workflows done per second. The first time everything is cold."""
    probe, began = Sender(arena), time.monotonic()
    await probe.send(_PROBE_RATE, _PROBE_SECONDS)
    await _until_done(arena, probe.tally.accepted)
    return len(probe.tally.accepted) / (time.monotonic() - began)


async def _until_done(arena: ServicesArena, ids: list[int]) -> int:
    """How many of them have completed when none is live, or the time is up."""
    end = time.monotonic() + _SETTLE
    while True:
        async with rows(arena.dsn) as reader:
            left = (await reader.fetch(_LEFT, ids))[0]
        if not left["live"] or time.monotonic() > end:
            return int(left["completed"])
        await asyncio.sleep(1)


async def beside(attune: AsyncAttune, items: int, small: int) -> dict[str, Any]:
    """Seconds of small workflows alone, and while the huge one runs."""
    alone = await _seconds_of(attune, small)
    huge = (await attune.workflows.execute("load.huge", {"count": items}))["id"]
    began = time.monotonic()
    together = await _seconds_of(attune, small)
    still = (await attune.executions.get(huge))["status"]
    await _until_ended(attune, huge)
    return {
        "items": items,
        "small": small,
        "huge_s": round(time.monotonic() - began, 1),
        "huge_ran_all_the_while": still == "running",
        "alone_p50_s": _share(alone, 0.5), "alone_p99_s": _share(alone, 0.99),
        "beside_p50_s": _share(together, 0.5), "beside_p99_s": _share(together, 0.99),
    }  # fmt: skip


async def _seconds_of(attune: AsyncAttune, small: int) -> list[float]:
    """One after the other: what is measured is waiting, not their own crowd."""
    found = []
    for _ in range(small):
        began = time.monotonic()
        id = (await attune.workflows.execute("load.small"))["id"]
        await _until_ended(attune, id)
        found.append(time.monotonic() - began)
    return sorted(found)


async def _until_ended(attune: AsyncAttune, execution: int) -> None:
    async def ended() -> bool:
        return (await attune.executions.get(execution))["status"] in ("completed", "failed")

    await until(ended, _LONGEST, f"execution {execution} ends")


def _share(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3)


async def measure(seconds: float, items: int, small: int, backlog: int) -> dict[str, Any]:
    folder = _folder()
    settings = {"ATTUNE_LIMITS__BACKLOG": str(backlog), "ATTUNE_LOG_LEVEL": "warning"}
    arena = ServicesArena(Plan(random.randrange(2**31), folder), settings)
    try:
        await arena.start()
        async with AsyncAttune.connect(arena.url, arena.token) as attune:
            await attune.packs.register(folder / "load")
            fairness = await beside(attune, items, small) if items else {}
            return {"overload": await overload(arena, seconds) if seconds else {}, "beside": fairness}
    finally:
        await arena.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="attune-overload-"))
    folder.chmod(0o711)
    write(folder / "load", PACK)
    return folder


def complaints(found: dict[str, Any]) -> list[str]:
    """What is not as it must be."""
    load, fair = found["overload"], found["beside"]
    wrong = [f"{name}: {load[name]}" for name in ("unfinished", "unpolite", "grown") if load.get(name)]
    if fair and fair["beside_p99_s"] - fair["alone_p99_s"] > _MOST_P99_GROWTH:
        wrong.append(f"p99 of small workflows grew from {fair['alone_p99_s']} to {fair['beside_p99_s']} s")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos.overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="of overload; 0: none [120]")
    parser.add_argument("--items", type=int, default=100_000, help="of the huge iteration; 0: none [100,000]")
    parser.add_argument("--small", type=int, default=100, help="workflows measured alone, and beside it [100]")
    parser.add_argument("--backlog", type=int, default=5_000, help="ATTUNE_LIMITS__BACKLOG [5,000]")
    given = parser.parse_args()
    found = uvloop.run(measure(given.seconds, given.items, given.small, given.backlog))
    wrong = complaints(found)
    for each in wrong:
        print(each)
    print(json.dumps(found))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
