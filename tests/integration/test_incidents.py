"""Poison harms only itself; what it leaves behind goes on, or ends, when an operator resolves the incident."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.integration.executor.fake_worker import Reply, completion
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_api.auth import ANONYMOUS
from attune_api.usecases.close_dead_letters import replay
from attune_api.usecases.resolve_incident import Action, resolve_incident
from attune_common.bus.topology import executor
from attune_common.contracts.envelope import Wire
from attune_common.contracts.execution import ExecutionRequested
from attune_common.contracts.registry import Exchange
from attune_common.runtime import metrics
from attune_executor import decide, dispatch
from attune_executor.census import Census

ONE = """
ref: t.one
tasks: [{name: one, action: t.strict, input: {n: 1}}]
"""
GARBAGE = (b"\xff\xfe garbage", b"[]x", b'[{"specversion": "9.9"}]', b'[{"specversion": "1.0", "type": "no.such"}]')
Heal = Callable[[], None]


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    opened = World(database_url)
    await opened.open()
    yield opened
    await opened.close()


def _poison(monkeypatch: pytest.MonkeyPatch, run: int) -> Heal:
    real = decide.advance

    def poisoned(graph: Any, state: Any, signal: Any, facts: Any) -> Any:
        if facts.system["workflow_execution_id"] == run:
            raise RuntimeError("poison")
        return real(graph, state, signal, facts)

    monkeypatch.setattr(decide, "advance", poisoned)
    return lambda: monkeypatch.setattr(decide, "advance", real)


async def _set_aside(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, Heal]:
    """A run whose only report could not be handled: its execution, the incident, and how to take the poison away."""
    ref = await world.define(ONE)
    world.worker.script = lambda job: None
    await world.start()
    execution = await world.request(ref)
    [job] = await world.worker.got(1)
    heal = _poison(monkeypatch, await world.run_of(execution))
    await world.executors[0].workflows.take([completion(job, Reply())])
    incident = await world.value("SELECT id FROM attune.incident WHERE resolved IS NULL")
    return execution, incident, heal


async def _resolve(world: World, incident: int, action: Action = "continue") -> None:
    await resolve_incident(world.store, world.bus, ANONYMOUS, incident, action, "looked into it")


async def test_a_resolved_run_goes_on_with_the_report_that_was_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution, incident, heal = await _set_aside(world, monkeypatch)
    [kept] = await world.rows("SELECT id, queue, status FROM attune.dead_letter WHERE incident = $1", incident)
    assert (kept["queue"], kept["status"]) == ("attune.executor.execution.completed", "new")
    heal()
    await _resolve(world, incident)
    assert (await world.ended(execution))["status"] == "completed"
    assert len(world.worker.jobs) == 1, "its action does not run again"
    assert await world.value("SELECT status FROM attune.dead_letter WHERE id = $1", kept["id"]) == "replayed"
    assert await world.value("SELECT resolution FROM attune.incident WHERE id = $1", incident) == "continued"


async def test_poison_that_is_still_there_is_a_new_incident(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    execution, first, heal = await _set_aside(world, monkeypatch)
    await _resolve(world, first)
    query = "SELECT id FROM attune.incident WHERE resolved IS NULL"
    second = await until(lambda: world.value(query), 10, "the incident is opened again")
    assert second != first
    heal()
    await _resolve(world, second)
    assert (await world.ended(execution))["status"] == "completed"


async def test_a_run_that_is_set_aside_can_be_cancelled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.settings = world.settings.model_copy(update={"cancel_lost_seconds": 0.2, "heartbeat_seconds": 0.1})
    execution, incident, heal = await _set_aside(world, monkeypatch)
    heal()
    await _resolve(world, incident, "cancel")
    assert (await world.ended(execution))["status"] == "cancelled"
    assert await world.value("SELECT status FROM attune.dead_letter WHERE incident = $1", incident) == "discarded"


async def test_what_waits_for_an_operator_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await _set_aside(world, monkeypatch)
    await Census(world.executors[0].context).count()
    text = metrics.render()[1].decode()
    assert "attune_incidents_open 1.0" in text
    assert "attune_dead_letters_new 1.0" in text


async def test_poison_among_a_thousand_harms_only_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unreadable messages, an execution that no executor can start, and 999 others in the same batches."""
    real = dispatch.send
    async with world.store.unit() as unit:
        rows = await unit.fetch(
            "INSERT INTO attune.execution (action_ref, parameters, trace_id) "
            "SELECT 't.echo', '{}', 't' FROM generate_series(1, 1000) RETURNING id"
        )
        ids = [row["id"] for row in rows]
        for id in ids:
            unit.emit(ExecutionRequested(execution_id=id, action_ref="t.echo", trace_id="t"))

    def poisoned(batch: Any, row: Any, action: Any) -> None:
        if row.id == ids[500]:
            raise RuntimeError("poison")
        real(batch, row, action)

    monkeypatch.setattr(dispatch, "send", poisoned)
    await world.start()
    kinds = ("execution.requested", "execution.completed", "execution.accepted", "event.created")
    await world.bus.publish([Wire(Exchange.EVENTS.value, kind, body) for kind in kinds for body in GARBAGE])
    others = "SELECT count(*) = 999 FROM attune.execution WHERE status = 'completed'"
    await until(lambda: world.value(others), 60, "all others end")
    assert await world.value("SELECT status FROM attune.execution WHERE id = $1", ids[500]) == "requested"
    assert await world.value("SELECT subject FROM attune.incident") == f"execution:{ids[500]}"
    wanted = len(kinds) * len(GARBAGE)
    await until(lambda: world.value("SELECT count(*) FROM attune.dead_letter WHERE incident IS NULL"), 10, "letters")
    letters = await world.rows("SELECT DISTINCT queue FROM attune.dead_letter")
    assert {row["queue"] for row in letters} == {executor(kind).queue for kind in kinds}
    assert await world.value("SELECT count(*) FROM attune.dead_letter") == wanted


async def test_a_definition_that_cannot_be_read_harms_only_its_own_runs(world: World) -> None:
    good, bad = await world.define(ONE), await world.define(ONE.replace("t.one", "t.bad"))
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.workflow_version SET definition = '{\"tasks\": 7}' WHERE digest = "
                           "(SELECT digest FROM attune.workflow_definition WHERE ref = $1)", bad)  # fmt: skip
    await world.start()
    broken, whole = await world.request(bad), await world.request(good)
    assert (await world.ended(whole))["status"] == "completed"
    ended = await world.ended(broken)
    assert (ended["status"], "cannot be started" in ended["error"]["message"]) == ("failed", True)


async def test_a_replayed_message_goes_to_the_queue_that_refused_it(world: World) -> None:
    """What was unreadable for one version is handled when another is there."""
    await world.start()
    async with world.store.unit() as unit:
        execution = await unit.fetchval(
            "INSERT INTO attune.execution (action_ref, parameters, trace_id) VALUES ('t.echo', '{}', 't') RETURNING id"
        )
        unit.emit(ExecutionRequested(execution_id=execution, action_ref="t.echo", trace_id="t"))
        await unit.store_messages()
        body = unit.wires[0].wire.body
        await unit.execute("DELETE FROM attune.outbox")
        unit.wires.clear()
        letter = await unit.fetchval(
            "INSERT INTO attune.dead_letter (queue, routing_key, reason, body) VALUES ($1, $2, 'odd', $3) RETURNING id",
            executor("execution.requested").queue, "execution.requested", body,
        )  # fmt: skip
    await replay(world.store, world.bus, ANONYMOUS, letter)
    assert (await world.ended(execution))["status"] == "completed"
