"""While an executor may hold reports that nobody sees, nobody is given up."""

from __future__ import annotations

import asyncio

from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.bus.bus import Bus
from attune_common.bus.rabbitmq.bus import RabbitBus
from attune_executor.app import Executor
from attune_executor.presence import Presence

_SEEN = "UPDATE attune.executor SET seen = now() - make_interval(secs => $1), clear = $2"


async def _watcher(world: World, bus: Bus | None = None) -> tuple[Executor, Presence]:
    """An executor that nothing disturbs, and that has looked once."""
    executor = Executor(world.store, bus or world.bus, world.settings)
    presence = Presence(executor.context, executor.recover.calm)
    await presence.look()
    return executor, presence


async def _is_calm(executor: Executor, presence: Presence) -> bool:
    executor.recover.calm._since -= 60
    await presence.look()
    return await executor.recover.calm.holds()


async def _other(world: World, seconds: float, clear: bool) -> None:
    async with world.store.unit() as unit:
        await unit.execute("INSERT INTO attune.executor (name, clear, seen) VALUES ('other', true, now())")
        await unit.execute(_SEEN + " WHERE name = 'other'", seconds, clear)


async def test_alone_it_is_calm(world: World) -> None:
    assert await _is_calm(*await _watcher(world))


async def test_one_that_is_silent_for_a_moment_may_be_frozen(world: World) -> None:
    await _other(world, 5, True)
    assert not await _is_calm(*await _watcher(world))


async def test_one_that_is_silent_and_has_no_ear_any_more_was_killed(world: World) -> None:
    await _other(world, 5, True)
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.executor SET ear = 'attune.probe.gone' WHERE name = 'other'")
    assert await _is_calm(*await _watcher(world))


async def test_one_whose_ear_is_there_may_be_frozen(world: World, amqp_url: str) -> None:
    frozen, bus = RabbitBus(amqp_url), RabbitBus(amqp_url)
    await asyncio.gather(frozen.start(), bus.start())
    try:
        await until(lambda: frozen.ear and bus.healthy, 30, "both hear the broker")
        await _other(world, 5, True)
        async with world.store.unit() as unit:
            await unit.execute("UPDATE attune.executor SET ear = $1 WHERE name = 'other'", frozen.ear)
        watching = await _watcher(world, bus)
        assert not await _is_calm(*watching)
        await frozen.stop()
        await until(lambda: _is_calm(*watching), 30, "its connection is gone, and with it what it had in hand")
    finally:
        await asyncio.gather(frozen.stop(), bus.stop())


async def test_one_that_does_not_hear_the_broker_may_hold_reports(world: World) -> None:
    await _other(world, 0, False)
    assert not await _is_calm(*await _watcher(world))


async def test_one_that_was_silent_for_long_is_gone(world: World) -> None:
    await _other(world, 60, False)
    assert await _is_calm(*await _watcher(world))


async def test_one_that_stops_says_goodbye(world: World) -> None:
    watching = await _watcher(world)
    leaving, other = await _watcher(world)
    await other.look()
    assert await world.value("SELECT count(*) FROM attune.executor") == 2
    await other.leave()
    await leaving.stop(1)
    assert await world.value("SELECT count(*) FROM attune.executor") == 1
    assert await _is_calm(*watching)
