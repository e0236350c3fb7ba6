"""While an executor may hold reports that nobody sees, nobody is given up."""

from __future__ import annotations

from tests.integration.executor.world import World

from attune_common.bus.bus import Bus
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
