"""What a rule starts begins with the enforcement, in one transaction; whatever is wrong with it is its own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.executor.replay import differences
from tests.integration.executor.test_policies import ONE, got, policy, silent
from tests.integration.executor.test_rules import enforcements, rule
from tests.integration.executor.world import World

from attune_common.store.late import LateUnit
from attune_executor import enforce
from attune_executor.schedule import Schedule

_FLOW = """
ref: t.flow
label: flow
version: 1.0.0
parameters: {who: {type: string}}
tasks:
  - {name: one, action: t.echo, input: {who: "{{ parameters.who }}", where: "{{ pack.config.region }}"}}
output_map: {said: "{{ task.one.result }}"}
"""


async def started(world: World, action: str, parameters: dict[str, Any] | None = None) -> int:
    """The execution that a rule for the action makes of an event."""
    await rule(world, "t.all", None, parameters or {})
    await world.value("UPDATE attune.rule SET action_ref = $1 RETURNING 1", action)
    await world.start()
    await world.event("t.hook", {"who": "Ada"})
    execution: int = (await enforcements(world, 1))["t.all"]["execution"]
    return execution


async def test_a_job_is_on_its_way_when_the_enforcement_is_there(world: World) -> None:
    execution = await started(world, "t.echo", {"who": "{{ event.payload.who }}"})
    assert (await world.ended(execution))["result"] == {"who": "Ada"}
    assert await world.value("SELECT scheduled_at = created FROM attune.execution WHERE id = $1", execution)


async def test_a_workflow_has_its_run_and_its_first_task(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked to start it."""
    monkeypatch.delattr(Schedule, "_transact")
    await world.define(_FLOW)
    execution = await started(world, "t.flow", {"who": "{{ event.payload.who }}"})
    ended = await world.ended(execution)
    assert (ended["status"], ended["result"]) == ("completed", {"said": {"who": "Ada", "where": "north"}})
    assert await differences(world, await world.run_of(execution)) == []


async def test_an_inquiry_asks_at_once(world: World) -> None:
    execution = await started(world, "t.ask", {"prompt": "may {{ event.payload.who }} go on?"})
    await world.reaches(execution, "waiting")
    assert await world.value("SELECT prompt FROM attune.inquiry WHERE execution = $1", execution) == "may Ada go on?"


async def test_limits_of_policies_count_for_rules_too(world: World) -> None:
    await policy(world, ONE)
    world.worker.script = silent
    first = await started(world, "t.echo")
    await world.event("t.hook", {})
    second = max(row["execution"] for row in await world.rows("SELECT execution FROM attune.enforcement"))
    assert [job.execution_id for job in await got(world, 1)] == [first]
    await world.reaches(max(second, first + 1), "scheduling")


@pytest.mark.parametrize(
    ("action", "parameters", "error"),
    [("t.nowhere", {}, "action_not_found"), ("t.strict", {"n": "many"}, "input_error")],
)
async def test_what_cannot_run_has_ended_with_why(
    world: World, action: str, parameters: dict[str, Any], error: str
) -> None:
    row = await world.ended(await started(world, action, parameters))
    assert (row["status"], row["error"]["type"]) == ("failed", error)


async def test_what_cannot_even_be_started_harms_no_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for, and starts, or is set aside, by itself."""

    async def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(enforce, "start_all", broken)
    execution = await started(world, "t.echo", {"who": "{{ event.payload.who }}"})
    assert (await world.ended(execution))["result"] == {"who": "Ada"}
    assert await world.value("SELECT count(*) FROM attune.incident") == 0


async def test_of_very_many_most_are_only_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enforce, "MAX_BATCH", 1)
    await rule(world, "t.one", None, {})
    await rule(world, "t.other", None, {})
    await world.start()
    await world.event("t.hook", {})
    found = await enforcements(world, 2)
    assert [(await world.ended(found[ref]["execution"]))["status"] for ref in ("t.one", "t.other")] == ["completed"] * 2
    at_once = "SELECT count(*) FILTER (WHERE scheduled_at = created) FROM attune.execution"
    assert await world.value(at_once) == 1


async def test_events_that_two_executors_have_at_once_go_through_the_rules_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen them; the second finds that they have changed, and nothing of its own is stored."""
    store, tries = LateUnit._at_once, []

    async def after_another(unit: LateUnit) -> Any:
        tries.append(1)
        if len(tries) == 1:
            await world.executors[0].enforce._enforce([event], at_once=True)
        return await store(unit)

    monkeypatch.setattr(LateUnit, "_at_once", after_another)
    await rule(world, "t.all", None, {})
    await world.start()
    event = await world.event("t.hook", {}, tell=False)
    await world.executors[0].enforce._enforce([event], at_once=True)
    assert len(tries) >= 2
    assert await world.value("SELECT count(*) FROM attune.execution") == 1
    await world.ended((await enforcements(world, 1))["t.all"]["execution"])
