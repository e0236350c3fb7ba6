"""Dead letters and incidents over HTTP: what is shown, to whom, and what can be done with them once."""

from __future__ import annotations

import base64
from typing import Any

import httpx2
import pytest
from tests.integration.api import world
from tests.integration.api.conftest import Clients

from attune_api.permissions import Role
from attune_common.bus.topology import executor, worker
from attune_common.contracts.envelope import pack as packed
from attune_common.contracts.execution import ExecutionRequested, ExecutionScheduled
from attune_common.contracts.registry import TO_A_QUEUE
from attune_common.store import dead_letters, incidents
from attune_common.store.dead_letters import DeadLetter
from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")
REQUESTED = executor("execution.requested").queue
Api = httpx2.AsyncClient


async def letter(store: Store, body: bytes = b"\xff\x00", queue: str = REQUESTED, **more: Any) -> int:
    async with store.unit() as unit:
        [id] = await dead_letters.insert(unit, [DeadLetter(queue, "a.key", "odd", body, **more)])
    return id


async def incident(store: Store, subject: str, kind: str = "poison") -> int:
    async with store.unit() as unit:
        id, _ = await incidents.open_(unit, kind, subject, {"error": "KeyError: 'x'", "trace": "line 1"})
    return id


async def outbox(store: Store) -> list[tuple[str, str, bytes]]:
    async with store.connection() as connection:
        rows = await connection.fetch("SELECT exchange, routing_key, body FROM attune.outbox ORDER BY id")
    return [(row["exchange"], row["routing_key"], row["body"]) for row in rows]


def request_of(execution: int) -> bytes:
    message = ExecutionRequested(execution_id=execution, action_ref="sample.echo", trace_id="t")
    return packed([(message, "")], "test")[0].body


def job_of(execution: int, token: str) -> bytes:
    job = ExecutionScheduled(
        execution_id=execution, attempt=1, token=token, action_ref="sample.echo", pack_ref="sample", runtime="native",
        entry_point="core.echo", pack_digest="d", parameters={}, trace_id="t", idempotency_key="k", api_token="att_x",
    )  # fmt: skip
    return packed([(job, "default")], "test")[0].body


async def test_dead_letters_are_listed_newest_first_and_filtered(api: Api, store: Store) -> None:
    ids = [await letter(store), await letter(store, queue="attune.worker.gpu"), await letter(store)]
    first = (await api.get("/dead-letters", params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    second = (await api.get("/dead-letters", params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["id"] for item in second["items"]] == ids[:1]
    of_queue = (await api.get("/dead-letters", params={"queue": "attune.worker.gpu"})).json()["items"]
    assert [item["id"] for item in of_queue] == [ids[1]]
    await api.post(f"/dead-letters/{ids[0]}/discard")
    new = (await api.get("/dead-letters", params={"status": "new"})).json()["items"]
    assert [item["id"] for item in new] == ids[:0:-1]
    assert "body" not in new[0]
    either = (await api.get("/dead-letters", params={"status": ["discarded", "new"]})).json()["items"]
    assert [item["id"] for item in either] == ids[::-1]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'[{"api_token": "att_secret", "n": 1}]', {"content": [{"api_token": "********", "n": 1}]}),
        (b"[" * 300 + b"]" * 300, {"text": "[" * 300 + "]" * 300}),
        (b"not json", {"text": "not json"}),
        (b"\xff\x00", {"base64": base64.b64encode(b"\xff\x00").decode()}),
    ],
)
async def test_a_body_is_shown_as_what_it_is(api: Api, store: Store, body: bytes, shown: dict[str, Any]) -> None:
    found = (await api.get(f"/dead-letters/{await letter(store, body)}")).json()
    assert {name: found[name] for name in ("content", "text", "base64") if found[name] is not None} == shown
    assert (found["size"], found["truncated"], found["status"]) == (len(body), False, "new")


async def test_of_a_large_body_the_beginning_is_shown(api: Api, store: Store) -> None:
    found = (await api.get(f"/dead-letters/{await letter(store, b'x' * 100_000)}")).json()
    assert (found["size"], found["truncated"], len(found["text"])) == (100_000, True, 65_536)


async def test_a_replayed_letter_goes_to_its_queue_once(api: Api, store: Store) -> None:
    body = request_of(1)
    id = await letter(store, body)
    answer = (await api.post(f"/dead-letters/{id}/replay")).json()
    assert (answer["status"], answer["closed_by"]) == ("replayed", "admin")
    assert await outbox(store) == [(TO_A_QUEUE, REQUESTED, body)]
    for again in ("replay", "discard"):
        refused = await api.post(f"/dead-letters/{id}/{again}")
        assert (refused.status_code, refused.json()["code"]) == (409, "already_closed")
    assert len(await outbox(store)) == 1


async def test_a_job_that_nobody_waits_for_is_not_replayed(api: Api, store: Store) -> None:
    """The platform has sent it again, or given it up: the action would run a second time."""
    queue = worker("default", 1).queue
    waiting = await world.execution(store, status="scheduled", token="now")
    gone = await letter(store, job_of(waiting, "before"), queue)
    refused = await api.post(f"/dead-letters/{gone}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_is_over")
    current = await letter(store, job_of(waiting, "now"), queue)
    assert (await api.post(f"/dead-letters/{current}/replay")).status_code == 200
    assert [key for _, key, _ in await outbox(store)] == [queue]


@pytest.mark.parametrize("queue", ["", "attune.control.worker-1", "attune.executor.no.such", "attune.worker."])
async def test_a_queue_that_is_gone_with_its_owner_gets_nothing(api: Api, store: Store, queue: str) -> None:
    id = await letter(store, queue=queue)
    refused = await api.post(f"/dead-letters/{id}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_such_queue")
    assert (await api.post(f"/dead-letters/{id}/discard")).status_code == 200


async def test_a_message_kept_for_an_incident_waits_for_it(api: Api, store: Store) -> None:
    run = await world.run(store, "running")
    trouble = await incident(store, f"run:{run.id}")
    id = await letter(store, request_of(1), incident=trouble)
    refused = await api.post(f"/dead-letters/{id}/discard")
    assert (refused.status_code, refused.json()["code"]) == (409, "waits_for_incident")
    assert (await api.get(f"/incidents/{trouble}")).json()["kept"] == 1
    resolved = await api.post(f"/incidents/{trouble}/resolve")
    assert (resolved.status_code, resolved.json()["kept"]) == (200, 0)
    assert (await api.get(f"/dead-letters/{id}")).json()["status"] == "replayed"


async def test_an_incident_tells_what_it_is_about(api: Api, store: Store) -> None:
    run = await world.run(store, "running")
    of_run, of_execution = await incident(store, f"run:{run.id}"), await incident(store, f"execution:{run.execution}")
    shown = (await api.get(f"/incidents/{of_run}")).json()
    assert (shown["workflow_execution"], shown["execution"], shown["error"]) == (run.id, None, "KeyError: 'x'")
    assert shown["detail"]["trace"] == "line 1"
    assert (await api.get(f"/incidents/{of_execution}")).json()["execution"] == run.execution
    listed = (await api.get("/incidents", params={"workflow_execution": run.id})).json()["items"]
    assert [item["id"] for item in listed] == [of_run]
    assert "detail" not in listed[0]
    assert (await api.get(f"/executions/{run.execution}")).json()["incident"] == of_run


async def test_an_incident_is_resolved_once(api: Api, store: Store) -> None:
    run = await world.run(store, "running")
    id = await incident(store, f"run:{run.id}")
    done = (await api.post(f"/incidents/{id}/resolve", json={"note": "disk was full"})).json()
    assert (done["resolution"], done["resolved_by"], done["note"]) == ("continued", "admin", "disk was full")
    again = await api.post(f"/incidents/{id}/resolve")
    assert (again.status_code, again.json()["code"]) == (409, "already_resolved")
    assert [item["id"] for item in (await api.get("/incidents", params={"status": "open"})).json()["items"]] == []
    later = await incident(store, f"run:{run.id}")
    assert later != id, "the same trouble later is another incident"
    for statuses, wanted in ((["resolved"], [id]), (["open"], [later]), (["open", "resolved"], [later, id])):
        found = (await api.get("/incidents", params={"status": statuses})).json()["items"]
        assert [item["id"] for item in found] == wanted


async def test_resolving_can_end_a_run_or_an_execution(api: Api, store: Store) -> None:
    run, alone = await world.run(store, "running"), await world.execution(store, status="requested")
    await api.post(f"/incidents/{await incident(store, f'run:{run.id}')}/resolve", json={"action": "cancel"})
    assert [kind for kind, _ in await world.requests(store, run)] == ["cancel"]
    await api.post(f"/incidents/{await incident(store, f'execution:{alone}')}/resolve", json={"action": "cancel"})
    assert (await api.get(f"/executions/{alone}")).json()["status"] == "cancelled"


async def test_what_cannot_be_cancelled_stays_open(api: Api, store: Store) -> None:
    of_event, ended = await incident(store, "event:7"), await world.run(store, "completed")
    refused = await api.post(f"/incidents/{of_event}/resolve", json={"action": "cancel"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_cancellable")
    of_run = await incident(store, f"run:{ended.id}")
    assert (await api.post(f"/incidents/{of_run}/resolve", json={"action": "cancel"})).status_code == 409
    opened = (await api.get("/incidents", params={"status": "open"})).json()["items"]
    assert {item["id"] for item in opened} == {of_event, of_run}


async def test_operators_resolve_incidents_and_see_no_dead_letters(clients: Clients, store: Store) -> None:
    run, id = await world.run(store, "running"), await letter(store)
    trouble = await incident(store, f"run:{run.id}")
    viewer, operator = await clients.as_role(Role.VIEWER), await clients.as_role(Role.OPERATOR)
    assert (await viewer.get(f"/incidents/{trouble}")).status_code == 200
    assert (await viewer.post(f"/incidents/{trouble}/resolve")).status_code == 403
    assert (await operator.get(f"/dead-letters/{id}")).status_code == 403
    assert (await operator.post(f"/incidents/{trouble}/resolve")).status_code == 200
