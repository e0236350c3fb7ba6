"""Timer triggers: each tick is one event, whoever fires it; timers follow their triggers and rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_executor.ticks import Ticks

EVERY_MINUTE = {"interval": "1m", "catch_up": "all"}


async def trigger(world: World, ref: str, timer: dict[str, Any] | None) -> None:
    """A trigger of kind timer; without a timer its rules give them."""
    spec = {} if timer is None else {"timer": timer}
    async with world.store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.trigger (ref, pack, pack_ref, label, kind, spec) VALUES ($1, $2, 't', $1, 'timer', $3) "
            "ON CONFLICT (ref) DO UPDATE SET kind = excluded.kind, spec = excluded.spec",
            ref,
            world.pack,
            spec,
        )


async def rule(world: World, ref: str, on: str, timer: dict[str, Any], *, enabled: bool = True) -> None:
    async with world.store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.rule (ref, pack, pack_ref, label, trigger_ref, trigger_params, action_ref, enabled) "
            "VALUES ($1, $2, 't', $1, $3, $4, 't.echo', $5) ON CONFLICT (ref) DO UPDATE "
            "SET trigger_ref = excluded.trigger_ref, trigger_params = excluded.trigger_params",
            ref,
            world.pack,
            on,
            timer,
            enabled,
        )


async def registered(world: World, ago: float) -> None:
    """All timers as if they had been registered `ago` seconds before now, and nobody had looked since."""
    async with world.store.unit() as unit:
        await unit.execute(
            "UPDATE attune.trigger_timer SET anchor = now() - make_interval(secs => $1), "
            "done = now() - make_interval(secs => $1), due_at = now()",
            ago,
        )


async def timers(world: World) -> dict[str, Any]:
    query = (
        "SELECT COALESCE(r.ref, t.ref) AS ref, k.* FROM attune.trigger_timer k "
        "JOIN attune.trigger t ON t.id = k.trigger LEFT JOIN attune.rule r ON r.id = k.rule"
    )
    return {row["ref"]: row for row in await world.rows(query)}


async def fire(world: World) -> None:
    """What an executor's loop does until nothing is due."""
    ticks = Ticks((world.executors[0] if world.executors else await world.add_executor()).context)
    while await ticks.fire_due():
        pass


async def events(world: World) -> list[Any]:
    return await world.rows("SELECT trigger_ref, payload, source, dedup_key FROM attune.event ORDER BY id")


async def test_the_ticks_of_a_trigger_become_events_in_their_order(world: World) -> None:
    await trigger(world, "t.often", EVERY_MINUTE)
    await registered(world, 330)
    await fire(world)
    found = await events(world)
    times = [datetime.fromisoformat(row["payload"]["scheduled_at"]) for row in found]
    assert len(times) == 5
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(minutes=1)}
    timer = (await timers(world))["t.often"]
    assert timer["due_at"] == times[-1] + timedelta(minutes=1)


async def test_a_tick_of_a_rules_timer_is_for_that_rule_alone(world: World) -> None:
    await trigger(world, "t.interval", None)
    await rule(world, "t.one", "t.interval", EVERY_MINUTE)
    await rule(world, "t.other", "t.interval", {"interval": "1h"})
    await registered(world, 65)
    await world.start()

    async def enforced() -> list[Any]:
        return await world.rows("SELECT rule_ref, execution FROM attune.enforcement")

    found = await until(enforced, describe="an enforcement")
    assert [row["rule_ref"] for row in found] == ["t.one"]
    assert (await world.ended(found[0]["execution"]))["status"] == "completed"
    assert await world.value("SELECT bool_and(matched) FROM attune.event")
    assert len(await enforced()) == 1


async def test_two_executors_make_one_event_of_each_tick(world: World) -> None:
    await trigger(world, "t.cron", None)
    async with world.store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.rule (ref, pack, pack_ref, label, trigger_ref, trigger_params, action_ref, enabled) "
            "SELECT 't.r' || n, $1, 't', 'r', 't.cron', $2, 't.echo', true FROM generate_series(1, 300) n",
            world.pack,
            {"cron": "* * * * *", "catch_up": "all"},
        )
    await registered(world, 10 * 60)
    await world.start(executors=2)
    late = "SELECT count(*) FROM attune.trigger_timer WHERE due_at <= now()"

    async def quiet() -> bool:
        return await world.value(late) == 0

    await until(quiet, 60, "no timer to be late")
    per_rule = await world.rows("SELECT source ->> 'rule' AS rule, count(*) FROM attune.event GROUP BY 1")
    assert len(per_rule) == 300
    assert {row["count"] for row in per_rule} <= {9, 10, 11}
    assert await world.value("SELECT count(DISTINCT dedup_key) = count(*) FROM attune.event")


async def test_what_is_disabled_is_passed_over_and_not_caught_up(world: World) -> None:
    await trigger(world, "t.interval", None)
    await rule(world, "t.off", "t.interval", EVERY_MINUTE, enabled=False)
    await registered(world, 600)
    await fire(world)
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.rule SET enabled = true")
    await fire(world)
    assert await events(world) == []
    assert (await timers(world))["t.off"]["due_at"] is not None


async def test_a_timer_that_stays_the_same_keeps_its_place(world: World) -> None:
    await trigger(world, "t.often", EVERY_MINUTE)
    await registered(world, 90)
    before = (await timers(world))["t.often"]
    await trigger(world, "t.often", EVERY_MINUTE)
    assert (await timers(world))["t.often"] == before
    await trigger(world, "t.often", {"interval": "2m"})
    after = (await timers(world))["t.often"]
    assert after["anchor"] > before["anchor"]
    assert after["id"] == before["id"]


async def test_timers_come_and_go_with_what_they_belong_to(world: World) -> None:
    await trigger(world, "t.interval", None)
    await rule(world, "t.one", "t.interval", EVERY_MINUTE)
    await rule(world, "t.two", "t.interval", EVERY_MINUTE)
    assert set(await timers(world)) == {"t.one", "t.two"}
    await rule(world, "t.one", "t.elsewhere", {})
    assert set(await timers(world)) == {"t.two"}
    await trigger(world, "t.interval", EVERY_MINUTE)
    assert set(await timers(world)) == {"t.interval"}
    await trigger(world, "t.interval", None)
    assert set(await timers(world)) == {"t.two"}
    await trigger(world, "t.elsewhere", None)
    assert set(await timers(world)) == {"t.one", "t.two"}
    async with world.store.unit() as unit:
        await unit.execute("DELETE FROM attune.rule WHERE ref = 't.two'")
    assert set(await timers(world)) == {"t.one"}
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.trigger SET kind = 'event' WHERE ref = 't.elsewhere'")
    assert await timers(world) == {}


async def test_a_definition_that_cannot_be_read_rests_with_its_problem(world: World) -> None:
    await trigger(world, "t.broken", {"cron": "61 * * * *"})
    await trigger(world, "t.often", EVERY_MINUTE)
    await registered(world, 65)
    await fire(world)
    broken = (await timers(world))["t.broken"]
    assert broken["due_at"] is None
    assert "minute" in broken["problem"]
    assert [row["trigger_ref"] for row in await events(world)] == ["t.often"]


async def test_a_date_is_over_once_it_fired(world: World) -> None:
    soon = await world.value("SELECT now() + interval '1 second'")
    await trigger(world, "t.once", {"date": soon.isoformat()})
    await world.start()

    async def over() -> bool:
        return (await timers(world))["t.once"]["due_at"] is None

    await until(over, 15, "the date to be over")
    found = await events(world)
    assert len(found) == 1
    assert datetime.fromisoformat(found[0]["payload"]["scheduled_at"]) == soon


async def test_a_tick_says_what_the_clocks_showed(world: World) -> None:
    await trigger(world, "t.daily", {"cron": "* * * * *", "timezone": "Asia/Kathmandu", "catch_up": "last"})
    await registered(world, 3600)
    await fire(world)
    payload = (await events(world))[0]["payload"]
    assert payload["local_time"].endswith("+05:45")
    assert payload["scheduled_at"].endswith("Z")
    assert payload["late_seconds"] > 0
