"""Questions to people: asked without a worker, answered, defaulted, timed out, cancelled; whoever dies in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.integration.executor.replay import differences
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.bus.bus import Subscription
from attune_common.contracts.base import Message
from attune_common.contracts.inquiry import InquiryClosed, InquiryCreated, InquiryResponded
from attune_common.contracts.registry import Exchange
from attune_common.store import inquiries
from attune_common.store.connection import Row

ASKS = """
ref: t.asks
tasks:
  - {name: ask, action: t.ask, input: {prompt: "Go?", assigned_to: [ada]}, on_success: then, on_timeout: late}
  - {name: then, action: t.echo, input: {answer: "{{ task.ask.result }}"}}
  - {name: late, action: t.echo, input: {answer: "none"}}
output_map: {answer: "{{ task.ask.result }}", late: "{{ task.late.result }}"}
"""


async def open_inquiry(world: World, count: int = 1) -> list[Row]:
    """Those that wait, once there are so many."""

    async def look() -> list[Row] | None:
        rows = await world.rows("SELECT * FROM attune.inquiry WHERE status = 'pending' ORDER BY id")
        return rows if len(rows) >= count else None

    found: list[Row] = await until(look, 10, "the inquiry")
    return found


async def answer(world: World, inquiry: int, response: Any, *, tell: bool = True) -> None:
    """As the API does it."""
    async with world.store.unit() as unit:
        row = await inquiries.lock(unit, inquiry)
        assert row is not None
        await inquiries.respond(unit, inquiry, response, None)
        if tell:
            told = {"inquiry_id": inquiry, "execution_id": row["execution"]}
            unit.emit(InquiryResponded(**told, workflow_execution_id=row["workflow_run"]))


async def test_the_answer_is_the_result(world: World) -> None:
    await world.start()
    execution = await world.request(await world.define(ASKS))
    (inquiry,) = await open_inquiry(world)
    assert (inquiry["prompt"], inquiry["assigned_to"], inquiry["timeout_at"]) == ("Go?", ["ada"], None)
    row = await world.reaches(execution, "waiting")
    waiting = (await world.rows("SELECT * FROM attune.execution WHERE id = $1", inquiry["execution"]))[0]
    assert (waiting["status"], waiting["worker"], waiting["lease_until"]) == ("waiting", None, None)
    assert world.worker.jobs == []
    await answer(world, inquiry["id"], {"go": True})
    row = await world.ended(execution)
    assert row["result"] == {"answer": {"go": True}, "late": None}
    assert await world.value("SELECT told FROM attune.inquiry")
    assert await differences(world, await world.run_of(execution)) == []


@pytest.mark.parametrize("response", [None, False, 0, "", [], {"deep": [1, None]}])
async def test_any_json_is_an_answer(world: World, response: Any) -> None:
    await world.start()
    execution = await world.request("t.ask", {"prompt": "What?"})
    (inquiry,) = await open_inquiry(world)
    await answer(world, inquiry["id"], response)
    row = await world.ended(execution)
    assert (row["status"], row["result"]) == ("completed", response)


async def test_an_executor_that_was_away_finds_the_answer(world: World) -> None:
    """The message is lost with it, so that only the row tells."""
    await world.start()
    execution = await world.request(await world.define(ASKS))
    (inquiry,) = await open_inquiry(world)
    await world.reaches(execution, "waiting")
    await world.executors.pop().stop(5)
    await answer(world, inquiry["id"], "yes", tell=False)
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.inquiry SET updated = now() - interval '1 minute'")
    await world.add_executor()
    assert (await world.ended(execution))["result"] == {"answer": "yes", "late": None}


async def test_a_repeated_message_changes_nothing(world: World) -> None:
    await world.start(executors=2)
    execution = await world.request(await world.define(ASKS))
    (inquiry,) = await open_inquiry(world)
    await answer(world, inquiry["id"], 1)
    run = await world.run_of(execution)
    told = InquiryResponded(inquiry_id=inquiry["id"], execution_id=inquiry["execution"], workflow_execution_id=run)
    await world.worker.say([told, told])
    assert (await world.ended(execution))["result"]["answer"] == 1
    await world.worker.say([told])
    assert await world.value("SELECT count(*) FROM attune.incident") == 0


TIMED = """
ref: t.timed
tasks:
  - {name: ask, action: t.ask, input: %s, on_success: then, on_timeout: late}
  - {name: then, action: t.echo, input: {answer: "{{ task.ask.result }}"}}
  - {name: late, action: t.echo, input: {answer: "none"}}
output_map: {then: "{{ task.then.result }}", late: "{{ task.late.result }}"}
"""


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        ("{prompt: a, timeout: 0.2, default: {go: 1}}", {"then": {"answer": {"go": 1}}, "late": None}),
        ("{prompt: a, timeout: 0.2, default: null}", {"then": {"answer": None}, "late": None}),
        ("{prompt: a, timeout: 0.2}", {"then": None, "late": {"answer": "none"}}),
    ],
)
async def test_when_nobody_answers_in_time(world: World, asked: str, result: Any) -> None:
    await world.start()
    execution = await world.request(await world.define(TIMED % asked))
    assert (await world.ended(execution))["result"] == result
    assert await world.value("SELECT status FROM attune.inquiry") == "timeout"


async def test_the_timeout_of_the_task_is_that_of_the_inquiry(world: World) -> None:
    await world.start()
    text = "ref: t.own\ntasks:\n  - {name: ask, action: t.ask, timeout: 0.2, input: {prompt: a}, on_timeout: noop}\n"
    assert (await world.ended(await world.request(await world.define(text))))["status"] == "completed"
    assert await world.value("SELECT timeout_at IS NOT NULL FROM attune.inquiry")


async def test_an_answer_wins_over_a_timer_that_fires_later(world: World) -> None:
    await world.start()
    execution = await world.request(await world.define(TIMED % "{prompt: a, timeout: 0.6}"))
    (inquiry,) = await open_inquiry(world)
    for executor in world.executors:
        await executor.stop(5)
    await answer(world, inquiry["id"], "in time")
    due = "SELECT count(*) FROM attune.timer WHERE due_at <= now()"
    await until(lambda: world.value(due), 5, "the timer is due")
    await world.add_executor()
    assert (await world.ended(execution))["result"]["then"] == {"answer": "in time"}


async def test_the_time_stands_still_while_the_run_is_paused(world: World) -> None:
    await world.start()
    execution = await world.request(await world.define(TIMED % "{prompt: a, timeout: 0.3}"))
    (inquiry,) = await open_inquiry(world)
    run = await world.run_of(execution)
    await world.ask(run, "pause")
    await world.reaches(execution, "paused")
    await until(lambda: world.value("SELECT count(*) FROM attune.timer WHERE held"), describe="the held timer")
    async with world.store.connection() as connection:
        row = await inquiries.lock(connection, inquiry["id"])
    assert row is not None
    assert (row["status"], row["late"]) == ("pending", False)
    await answer(world, inquiry["id"], "while paused")
    await until(lambda: world.value("SELECT count(*) FROM attune.inquiry WHERE told"), describe="the answer is taken")
    assert await world.status(execution) == "paused"
    await world.ask(run, "resume")
    assert (await world.ended(execution))["result"]["then"] == {"answer": "while paused"}


async def test_a_policy_asks_again(world: World) -> None:
    await world.start()
    text = """
ref: t.again
tasks:
  - {name: ask, action: t.ask, input: {prompt: a, timeout: 0.2}, retry: {count: 1}}
output_map: "{{ {'answer': task.ask.result, 'attempt': task.ask.attempt} }}"
"""
    execution = await world.request(await world.define(text))
    first = (await open_inquiry(world))[0]
    await until(lambda: world.value("SELECT count(*) = 2 FROM attune.inquiry"), describe="the second inquiry")
    (second,) = await open_inquiry(world)
    assert second["execution"] == first["execution"]
    await answer(world, second["id"], "at last")
    assert (await world.ended(execution))["result"] == {"answer": "at last", "attempt": 2}


@pytest.mark.parametrize("kind", ["t.asks", "t.outer"])
async def test_cancelling_the_run_closes_the_inquiry(world: World, kind: str) -> None:
    await world.define(ASKS)
    await world.define("ref: t.outer\ntasks:\n  - {name: inner, action: t.asks}\n")
    await world.start()
    execution = await world.request(kind)
    await open_inquiry(world)
    await world.reaches(execution, "waiting")
    await world.ask(await world.run_of(execution), "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"
    assert await world.value("SELECT status FROM attune.inquiry") == "cancelled"


async def test_inquiries_of_an_iteration_of_subworkflows(world: World) -> None:
    await world.define(ASKS)
    ref = await world.define(
        """
ref: t.many
tasks:
  - {name: each, action: t.asks, with_items: [1, 2, 3], concurrency: 2}
output_map: {all: "{{ task.each.result }}"}
"""
    )
    await world.start(executors=2)
    execution = await world.request(ref)
    first, second = await open_inquiry(world, 2)
    await world.reaches(execution, "waiting")
    await answer(world, second["id"], "b")
    third = next(row for row in await open_inquiry(world, 2) if row["id"] not in (first["id"], second["id"]))
    await answer(world, third["id"], "c")
    await answer(world, first["id"], "a")
    row = await world.ended(execution)
    assert sorted(each["answer"] for each in row["result"]["all"]) == ["a", "b", "c"]


async def test_inquiries_as_the_items_of_an_iteration(world: World) -> None:
    ref = await world.define(
        """
ref: t.items
tasks:
  - {name: each, action: t.ask, with_items: [x, y, z], concurrency: 2, input: {prompt: "{{ item }}?"}}
output_map: {all: "{{ task.each.result }}"}
"""
    )
    await world.start()
    execution = await world.request(ref)
    for prompt in ("x?", "y?", "z?"):
        asked = {row["prompt"]: row["id"] for row in await open_inquiry(world)}
        if prompt not in asked:
            found = await until(lambda: open_inquiry(world), describe=prompt)
            asked = {row["prompt"]: row["id"] for row in found}
        await answer(world, asked[prompt], prompt.upper())
    assert (await world.ended(execution))["result"] == {"all": ["X?", "Y?", "Z?"]}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"prompt": "a", "schema": {"type": "nonsense"}}, "schema"),
        ({"prompt": "a", "schema": {"type": "integer"}, "default": "no number"}, "default"),
    ],
)
async def test_what_nobody_could_answer_is_refused(world: World, asked: dict[str, Any], says: str) -> None:
    await world.start()
    row = await world.ended(await world.request("t.ask", asked))
    assert (row["status"], row["error"]["type"]) == ("failed", "input_error")
    assert says in row["error"]["message"]
    assert await world.value("SELECT count(*) FROM attune.inquiry") == 0


async def test_the_flat_notation_of_a_schema(world: World) -> None:
    await world.start()
    await world.request("t.ask", {"prompt": "a", "schema": {"go": {"type": "boolean", "required": True}}})
    (inquiry,) = await open_inquiry(world)
    assert inquiry["response_schema"]["required"] == ["go"]
    assert inquiry["response_schema"]["properties"] == {"go": {"type": "boolean"}}


async def test_watchers_hear_of_inquiries(world: World) -> None:
    heard: list[Message] = []

    async def listen(deliveries: Sequence[object]) -> None:
        heard.extend(message for one in deliveries for message in one.messages)  # type: ignore[attr-defined]

    await world.bus.consume(Subscription("watch", ((Exchange.EVENTS, "inquiry.#"),)), listen)  # type: ignore[arg-type]
    await world.start()
    execution = await world.request(await world.define(ASKS))
    (inquiry,) = await open_inquiry(world)
    run = await world.run_of(execution)
    await world.ask(run, "cancel")
    await world.ended(execution)
    await until(lambda: len(heard) == 2, describe="two messages")
    assert isinstance(heard[0], InquiryCreated)
    assert (heard[0].prompt, heard[0].assigned_to, heard[0].workflow_execution_id) == ("Go?", ["ada"], run)
    assert isinstance(heard[1], InquiryClosed)
    assert (heard[1].inquiry_id, heard[1].status, heard[1].task_name) == (inquiry["id"], "cancelled", "ask")
