"""Events through rules: an enforcement each, an execution for those that match, never twice."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.contracts.envelope import pack
from attune_common.contracts.event import EventCreated
from attune_common.store import packs
from attune_executor import recover


async def rule(world: World, ref: str, criteria: Any, parameters: dict[str, Any]) -> None:
    async with world.store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.rule (ref, pack, pack_ref, label, trigger_ref, criteria, action_ref, action_params) "
            "VALUES ($1, $2, 't', $1, 't.hook', $3, 't.echo', $4)",
            ref,
            world.pack,
            criteria,
            parameters,
        )


async def enforcements(world: World, count: int) -> dict[str, Any]:
    query = "SELECT rule_ref, matched, reason, execution FROM attune.enforcement ORDER BY rule_ref"

    async def enough() -> list[Any] | None:
        found = await world.rows(query)
        return found if len(found) >= count else None

    return {row["rule_ref"]: row for row in await until(enough, 10, f"{count} enforcements")}


async def test_a_matching_rule_runs_its_action_with_rendered_parameters(world: World) -> None:
    yes = {"all": [{"path": "event.payload.branch", "operator": "equals", "value": "main"}]}
    no = {"all": [{"path": "event.payload.branch", "operator": "equals", "value": "dev"}]}
    await rule(world, "t.yes", yes, {"who": "{{ event.payload.who }}", "region": "{{ pack.config.region }}"})
    await rule(world, "t.no", no, {})
    await world.start()
    event = await world.event("t.hook", {"branch": "main", "who": "Ada"})
    found = await enforcements(world, 2)
    assert (found["t.yes"]["matched"], found["t.no"]["matched"]) == (True, False)
    assert "main" in found["t.no"]["reason"]
    row = await world.ended(found["t.yes"]["execution"])
    assert row["result"] == {"who": "Ada", "region": "north"}
    assert (row["rule_ref"], row["trigger_ref"], row["event"], row["trace_id"]) == ("t.yes", "t.hook", event, "trace")
    assert await world.value("SELECT matched FROM attune.event")


async def test_an_event_that_is_told_many_times_is_enforced_once(world: World) -> None:
    await rule(world, "t.all", None, {})
    await world.start(executors=2)
    event = await world.event("t.hook", {})
    again = EventCreated(event_id=event, trigger_ref="t.hook")
    for _ in range(5):
        await world.bus.publish(pack([(again, "")], "test"))
    found = await enforcements(world, 1)
    await world.ended(found["t.all"]["execution"])
    assert await world.value("SELECT count(*) FROM attune.execution") == 1


async def test_an_event_that_nobody_was_told_of_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "_EVENT_PATIENCE", 0.2)
    await rule(world, "t.all", None, {})
    await world.event("t.hook", {}, tell=False)
    await world.start()
    assert (await enforcements(world, 1))["t.all"]["matched"]


async def test_parameters_that_cannot_be_rendered_are_told_in_the_enforcement(world: World) -> None:
    await rule(world, "t.bad", None, {"x": "{{ event.payload.nothing.at.all }}"})
    await world.start()
    await world.event("t.hook", {})
    found = (await enforcements(world, 1))["t.bad"]
    assert not found["matched"]
    assert "cannot be rendered" in found["reason"]


async def test_a_chain_of_rules_ends(world: World) -> None:
    await rule(world, "t.all", None, {})
    await world.start()
    await world.event("t.hook", {}, depth=20)
    assert not (await enforcements(world, 1))["t.all"]["matched"]


async def test_a_rule_starts_no_more_than_its_rate_allows(world: World) -> None:
    await rule(world, "t.all", None, {})
    await rule(world, "t.free", None, {})
    async with world.store.unit() as unit:
        rate = {"limit": 3, "per": "hour"}
        await unit.execute("UPDATE attune.rule SET rate_limit = $1 WHERE ref = 't.all'", rate)
    await world.start(executors=2)
    for _ in range(10):
        await world.event("t.hook", {})

    async def told() -> list[Any] | None:
        found = await world.rows("SELECT rule_ref, matched, reason FROM attune.enforcement")
        return found if len(found) == 20 else None

    found: list[Any] = await until(told, 10, "20 enforcements")
    assert [sum(row["matched"] for row in found if row["rule_ref"] == ref) for ref in ("t.all", "t.free")] == [3, 10]
    reasons = {row["reason"] for row in found if not row["matched"]}
    assert reasons == {"matched, but the rule's rate limit of 3 per hour is used up"}


async def test_rules_of_a_pack_that_is_disabled_are_silent(world: World) -> None:
    await rule(world, "t.all", None, {})
    async with world.store.unit() as unit:
        await packs.set_enabled(unit, "t", False)
    await world.start()
    event = await world.event("t.hook", {})
    await until(lambda: world.value("SELECT matched FROM attune.event WHERE id = $1", event), 10, "the event is done")
    assert await world.value("SELECT count(*) FROM attune.enforcement") == 0
    execution = await world.request("t.echo")
    assert (await world.ended(execution))["error"]["type"] == "pack_disabled"
