"""One chaos run from start to verdict."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

import asyncpg
import uvloop

from attune_common.runtime import lifecycle
from tests.chaos import effects, recovery
from tests.chaos.arena import Arena, ServicesArena
from tests.chaos.dev import DevArena
from tests.chaos.faults import Faults
from tests.chaos.judge import ZEROS, Judge
from tests.chaos.load import Load
from tests.chaos.logs import complaints
from tests.chaos.plan import Plan
from tests.chaos.rows import rows
from tests.chaos.starving import Starving
from tests.chaos.vitals import Vitals
from tests.support.waiting import is_over, patience

_QUIET = 20.0
_ALWAYS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass
class Verdict:
    """`figures` is the last line; `findings` are sentences on what is not as it must be."""

    figures: dict[str, Any]
    findings: list[str]

    @property
    def good(self) -> bool:
        return not any(self.figures.get(name, 1) for name in ZEROS)


def run(plan: Plan) -> Verdict:
    """Errors: those of servers that cannot be started. The folder stays when something was found."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        verdict = runner.run(Run(plan).go())
    if verdict.good and not plan.keep:
        shutil.rmtree(plan.folder, ignore_errors=True)
    return verdict


@dataclass
class Run:
    plan: Plan
    began: float = field(default_factory=time.time)

    async def go(self) -> Verdict:
        """Start everything, hurt it under load, heal it, count. Servers and services are gone in the end."""
        arena: Arena = ServicesArena(self.plan) if self.plan.target == "services" else DevArena(self.plan)
        try:
            await arena.start()
            await arena.register_pack()
            self._say(f"everything is up at {arena.url}; {self.plan.folder}")
            return await self._measure(arena)
        finally:
            await arena.stop()

    async def _measure(self, arena: Arena) -> Verdict:
        plan = self.plan
        faults = Faults(arena, Random(plan.seed), self._say)
        load, vitals = Load(arena.url, arena.token, plan.seed), Vitals(arena.processes)
        starving = Starving(arena.processes)
        watching = [asyncio.create_task(each.watch()) for each in (vitals, starving)]
        try:
            await asyncio.gather(load.run(plan.seconds, plan.rate), faults.inject(plan.seconds, plan.every, plan.kinds))
            healing = await self._settle(arena, load)
        finally:
            await lifecycle.cancel(watching)
        (plan.folder / "faults.json").write_text(json.dumps([asdict(fault) for fault in faults.done], indent=1))
        judge = Judge(arena, load, effects.Judgement([*faults.done, *starving.found], arena.processes))
        found = effects.read(arena.effects)
        async with rows(arena.dsn) as reader:
            await judge.count(reader, found)
            moments = await reader.progress()
        await asyncio.gather(*(process.stop() for process in arena.processes.values()))
        judge.count_ends()
        figures = {
            **judge.figures,
            "faults": len(faults.done),
            "by_kind": dict(Counter(fault.kind for fault in faults.done)),
            "healing_seconds": healing,
            "recovery": recovery.report(faults.done, moments),
            "killed_worker_to_rerun": recovery.begun_again(found, arena.processes.values()),
            "answers": dict(load.answers),
            "vitals": vitals.report(),
            "starved_seconds": starving.seconds,
            "complaints": complaints(process.log for process in arena.processes.values()),
            "seed": plan.seed,
            "target": plan.target,
            "seconds": round(time.time() - self.began),
        }
        return Verdict(figures, judge.findings)

    async def _settle(self, arena: Arena, load: Load) -> float:
        """Everything is healed: wait until all that was accepted has ended, and nothing is left; how long it took."""
        begin = time.monotonic()
        self._say("healed; waiting for the rest")
        await load.until_accepted(self.plan.settle * patience())
        left = await self._until_empty(arena, "executions", self.plan.settle)
        seconds = round(time.monotonic() - begin, 1)
        self._say(f"{left} executions unfinished after {seconds} s")
        await self._until_empty(arena, "outbox", _QUIET)
        return seconds

    async def _until_empty(self, arena: Arena, what: str, within: float) -> int:
        """How many rows of that kind are left when none is, or they have become no less for so long, and longer where
        the machine is busy: a slow machine with much to do is no stuck one."""
        began, left, least = time.monotonic(), -1, sys.maxsize
        while left != 0 and not is_over(began, within):
            await asyncio.sleep(0.5)
            try:
                async with rows(arena.dsn) as reader:
                    left = (await reader.left())[what]
            except _ALWAYS as problem:
                self._say(f"the database does not answer: {problem!r}")
            else:
                began, least = (time.monotonic(), left) if left < least else (began, least)
        return left

    def _say(self, text: str) -> None:
        print(f"{time.time() - self.began:7.1f}  {text}", flush=True)
