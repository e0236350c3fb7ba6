"""The scenarios: each starts its work through the API, waits until it has ended, and looks whether it was done."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bench.load import Figures, Run, Wrong, measured, side_by_side, step_times, summary, until, until_ended, until_idle
from bench.pack import STEPS
from bench.plain import emit_all, execute_all
from bench.platform import Platform

Scenario = Callable[[Platform, int, float], Awaitable[Figures]]
_SAMPLE = 20
_EVENTS_PER_S = 1_000


async def sequence(platform: Platform, runs: int, scale: float) -> Figures:
    """Many workflows of ten steps at once."""
    flows = max(1, round(300 * scale))
    return await _repeated(runs, "tasks", lambda: _flows(platform, flows))


async def sequence_alone(platform: Platform, runs: int, scale: float) -> Figures:
    """One workflow of ten steps after the other on an idle system: its latencies are those of a step."""
    flows = max(1, round(20 * scale))
    return await _repeated(runs, "tasks", lambda: measured(platform, flows * STEPS, lambda: _alone(platform, flows)))


async def fan_out_1000(platform: Platform, runs: int, scale: float) -> Figures:
    return await _repeated(runs, "items", lambda: _items(platform, "bench.fan_out", max(1, round(1_000 * scale))))


async def fan_out_100000(platform: Platform, runs: int, scale: float) -> Figures:
    return await _repeated(1, "items", lambda: _items(platform, "bench.fan_out", max(1, round(100_000 * scale))))


async def python_actions(platform: Platform, runs: int, scale: float) -> Figures:
    """Each item is a process of its own."""
    return await _repeated(runs, "items", lambda: _items(platform, "bench.python", max(1, round(40 * scale))))


async def events(platform: Platform, runs: int, scale: float) -> Figures:
    """A thousand events a second for three seconds, each of which is matched by a rule, which starts an action."""
    return await _repeated(runs, "items", lambda: _events(platform, max(1, round(3_000 * scale))))


async def registration(platform: Platform, pack: Path) -> Figures:
    """The whole pack again, with a workflow of 500 tasks in it."""
    run = await measured(platform, 1, lambda: _register(platform, pack))
    return summary([run], "packs")


async def _register(platform: Platform, pack: Path) -> Sequence[float]:
    began = time.perf_counter()
    await platform.attune.packs.register(pack)
    return [(time.perf_counter() - began) * 1000]


async def _repeated(runs: int, unit: str, once: Callable[[], Awaitable[Run]]) -> Figures:
    """The first run fills caches and grows tables; it is not counted where there are several."""
    if runs > 1:
        await once()
    return summary([await once() for _ in range(runs)], unit)


async def _flows(platform: Platform, flows: int) -> Run:
    attune, started = platform.attune, []

    async def work() -> Sequence[float]:
        names = [{"name": f"flow {number}"} for number in range(flows)]
        started.extend(await execute_all(attune.transport.address, "bench.sequence", names))
        await until_idle(attune, "bench.sequence")
        return []

    run = await measured(platform, flows * STEPS, work)
    ended = await side_by_side([lambda id=each["id"]: attune.executions.get(id) for each in started])
    if wrong := [each for each in ended if each["status"] != "completed" or each["result"] != {"n": STEPS}]:
        raise Wrong(f"{len(wrong)} of {flows} workflows did not count to {STEPS}: {wrong[0]['status']}")
    for each in ended[-_SAMPLE:]:
        run.latencies += await step_times(attune, each["workflow_execution"])
    return run


async def _alone(platform: Platform, flows: int) -> Sequence[float]:
    times: list[float] = []
    for _ in range(flows):
        started = await platform.attune.workflows.execute("bench.sequence", {})
        ended = await until_ended(platform.attune, started["id"], 0.05)
        times += await step_times(platform.attune, ended["workflow_execution"])
    return times


async def _items(platform: Platform, workflow: str, items: int) -> Run:
    attune = platform.attune

    async def work() -> Sequence[float]:
        started = await attune.workflows.execute(workflow, {"items": items})
        ended = await until_ended(attune, started["id"], 0.02 if items < 10_000 else 0.1)
        if ended["result"] != {"n": 1}:
            raise Wrong(f"{workflow} gave {ended['result']}")
        return []

    return await measured(platform, items, work)


async def _events(platform: Platform, count: int) -> Run:
    attune = platform.attune
    latencies: list[float] = []

    async def work() -> Sequence[float]:
        await emit_all(attune.transport.address, count, _EVENTS_PER_S, latencies)
        last = (await attune.automation.events(1))[0]["id"]
        await until(lambda: attune.automation.enforcements(last))
        await until_idle(attune, "core.noop")
        return latencies

    return await measured(platform, count, work)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (sequence, sequence_alone, fan_out_1000, events, python_actions, fan_out_100000)
}
