"""What Attune tells rules of itself: in the same transaction, once, and only when somebody listens."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.contracts.envelope import Wire
from attune_common.contracts.registry import Exchange

WORKFLOW = """
ref: t.flow
label: flow
version: 1.0.0
tasks:
  - name: first
    action: t.echo
    input: {n: 1}
    on_success: second
  - name: second
    action: t.echo
    input: {n: 2}
output_map:
  n: "{{ task.second.result.n }}"
"""


async def listen(world: World, ref: str, trigger: str, action: str = "t.safe", criteria: Any = None) -> None:
    async with world.store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.rule (ref, pack, pack_ref, label, trigger_ref, criteria, action_ref) "
            "VALUES ($1, $2, 't', $1, $3, $4, $5)",
            ref,
            world.pack,
            trigger,
            criteria,
            action,
        )


async def told(world: World, trigger: str, count: int = 1) -> list[Any]:
    async def enough() -> list[Any] | None:
        query = "SELECT payload, depth, trace_id FROM attune.event WHERE trigger_ref = $1 ORDER BY id"
        found = await world.rows(query, trigger)
        return found if len(found) >= count else None

    found: list[Any] = await until(enough, 15, f"{count} events of {trigger}")
    return found


OF_FLOW = {"all": [{"path": "event.payload.action", "operator": "equals", "value": "t.flow"}]}


async def test_nobody_listens_nothing_is_stored(world: World) -> None:
    await world.start()
    await world.ended(await world.request("t.echo", {"n": 1}))
    assert await world.value("SELECT count(*) FROM attune.event") == 0


async def test_a_rule_hears_of_every_execution_that_ended(world: World) -> None:
    await listen(world, "t.heard", "core.execution_finished", criteria=OF_FLOW)
    await world.define(WORKFLOW)
    await world.start()
    execution = await world.request("t.flow")
    await world.ended(execution)
    found = await told(world, "core.execution_finished", 4)
    payloads = [row["payload"] for row in found]
    assert sorted(p["action"] for p in payloads) == ["t.echo", "t.echo", "t.flow", "t.safe"]
    whole = next(p for p in payloads if p["action"] == "t.flow")
    assert (whole["execution"], whole["status"], whole["result"]) == (execution, "completed", {"n": 2})
    assert [p["task"] for p in payloads if p["action"] == "t.echo"] == ["first", "second"]
    assert {row["trace_id"] for row in found} == {"trace"}


async def test_a_rule_that_was_made_a_moment_ago_is_heard(world: World) -> None:
    """Nobody's knowledge of who listens is older than the transaction."""
    await world.start()
    for number in range(5):
        await world.ended(await world.request("t.echo", {"n": number}))
    await listen(world, "t.heard", "core.execution_finished", criteria=OF_FLOW)
    await world.ended(await world.request("t.echo", {"n": 9}))
    assert (await told(world, "core.execution_finished"))[0]["payload"]["result"] == {"n": 9}


async def test_workflows_tell_of_their_end(world: World) -> None:
    await listen(world, "t.heard", "core.workflow_finished")
    await world.define(WORKFLOW)
    await world.start()
    execution = await world.request("t.flow")
    found = (await told(world, "core.workflow_finished"))[0]["payload"]
    assert (found["workflow"], found["execution"], found["result"]) == ("t.flow", execution, {"n": 2})
    assert found["workflow_execution"] == await world.run_of(execution)
    assert found["duration"] >= 0


async def test_a_failure_is_told_with_its_error(world: World) -> None:
    await listen(world, "t.heard", "core.execution_finished", criteria=OF_FLOW)
    await world.start()
    await world.ended(await world.request("t.nothing"))
    found = (await told(world, "core.execution_finished"))[0]["payload"]
    assert (found["status"], found["error"]["type"]) == ("failed", "action_not_found")


async def test_an_inquiry_tells_whom_it_asks(world: World) -> None:
    await listen(world, "t.heard", "core.inquiry_opened")
    await world.start()
    asked = {"prompt": "Go on?", "assigned_to": ["ada"], "schema": {"type": "object"}}
    execution = await world.request("t.ask", asked)
    found = (await told(world, "core.inquiry_opened"))[0]["payload"]
    assert {**asked, "execution": execution}.items() <= found.items()


async def test_large_results_are_not_sent_around(world: World) -> None:
    await listen(world, "t.heard", "core.execution_finished", criteria=OF_FLOW)
    await world.start()
    await world.ended(await world.request("t.echo", {"text": "x" * 100_000}))
    found = (await told(world, "core.execution_finished"))[0]["payload"]
    assert (found["result"], found["result_omitted"]) == (None, True)


@pytest.mark.parametrize("limit", [3, 20])
async def test_rules_that_set_off_one_another_come_to_an_end(world: World, limit: int) -> None:
    world.settings = world.settings.model_copy(
        update={"limits": world.settings.limits.model_copy(update={"event_depth": limit})}
    )
    await listen(world, "t.again", "core.execution_finished", action="t.safe")
    await world.start()
    await world.ended(await world.request("t.safe", {}))

    async def stopped() -> list[Any]:
        return await world.rows("SELECT reason FROM attune.enforcement WHERE NOT matched")

    found = await until(stopped, 30, "the end of the chain")
    assert len(found) == 1
    assert f"{limit} others" in found[0]["reason"]
    depths = [row["depth"] for row in await told(world, "core.execution_finished")]
    assert depths == list(range(limit + 1))
    assert await world.value("SELECT count(*) FROM attune.execution") == limit + 1


async def test_a_dead_letter_is_kept_and_told(world: World) -> None:
    await listen(world, "t.heard", "core.dead_letter")
    await world.start()
    bodies = [b"not even JSON", b'[{"specversion": "1.0", "type": "execution.completed", "data": 5}]']
    await world.bus.publish([Wire(Exchange.EVENTS, "execution.completed", body) for body in bodies])
    found = [row["payload"] for row in await told(world, "core.dead_letter", 2)]
    assert {told["queue"] for told in found} == {"attune.executor.execution.completed"}
    assert all(told["reason"] for told in found)
    kept = await world.rows("SELECT id, body, status FROM attune.dead_letter ORDER BY id")
    assert [(bytes(row["body"]), row["status"]) for row in kept] == [(body, "new") for body in bodies]
    assert [told["dead_letter"] for told in found] == [row["id"] for row in kept]
