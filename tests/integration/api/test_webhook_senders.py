"""The senders that people have: GitHub, GitLab, Slack, Stripe, a plain token; each event once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any

import httpx2
import pytest
from tests.integration.api.conftest import Clients

from attune_common.store.store import Store

pytestmark = pytest.mark.usefixtures("pack")
SECRET = "shared-by-both-sides"
BODY = json.dumps({"id": "evt_1", "event_id": "Ev1", "ref": "main"}).encode()
JSON = {"Content-Type": "application/json"}
PUSHED = "/webhooks/sample.pushed"


@pytest.fixture
async def sender(clients: Clients, store: Store) -> httpx2.AsyncClient:
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.trigger SET payload_schema = NULL")
    return clients.client()


async def _use(store: Store, signature: str, **more: Any) -> None:
    async with store.unit() as unit:
        spec = {"webhook": {"signature": signature, "secret": SECRET, **more}}
        await unit.execute("UPDATE attune.trigger SET spec = $1 WHERE ref = 'sample.pushed'", spec)


async def _events(store: Store) -> list[Any]:
    async with store.connection() as connection:
        return await connection.fetch("SELECT id, payload, source FROM attune.event ORDER BY id")


def _hex(text: bytes) -> str:
    return hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()


def _github(body: bytes = BODY, delivery: str = "d-1") -> dict[str, str]:
    return JSON | {
        "X-Hub-Signature-256": f"sha256={_hex(body)}",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
    }


def _stripe(body: bytes = BODY, age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    return JSON | {"Stripe-Signature": f"t={at},v1={_hex(f'{at}.'.encode() + body)}"}


def _slack(body: bytes = BODY, age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    signature = f"v0={_hex(f'v0:{at}:'.encode() + body)}"
    return JSON | {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": str(at)}


async def test_github(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "github")
    first = await sender.post(PUSHED, content=BODY, headers=_github())
    assert first.status_code == 202
    again = await sender.post(PUSHED, content=BODY, headers=_github())
    assert (again.status_code, again.json()) == (200, {"event_id": first.json()["event_id"], "repeated": True})
    replay = await sender.post(PUSHED, content=BODY, headers=_github(delivery="forged"))
    assert (replay.status_code, replay.json()["code"]) == (409, "replayed")
    wrong = await sender.post(PUSHED, content=BODY + b" ", headers=_github())
    assert wrong.status_code == 401
    events = await _events(store)
    assert len(events) == 1
    assert events[0]["source"]["headers"] == {
        "content-type": "application/json",
        "user-agent": events[0]["source"]["headers"]["user-agent"],
        "x-github-delivery": "d-1",
        "x-github-event": "push",
    }


async def test_github_may_send_a_form(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "github")
    body = b"payload=%7B%22zen%22%3A%22%C3%A4%22%7D"
    headers = _github(body) | {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await sender.post(PUSHED, content=body, headers=headers)).status_code == 202
    assert (await _events(store))[0]["payload"] == {"zen": "\u00e4"}


async def test_gitlab(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "gitlab")
    headers = JSON | {"X-Gitlab-Token": SECRET, "Idempotency-Key": "k-1", "X-Gitlab-Event": "Push Hook"}
    answers = [await sender.post(PUSHED, content=BODY, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    wrong = await sender.post(PUSHED, content=BODY, headers=headers | {"X-Gitlab-Token": "guess"})
    assert wrong.status_code == 401
    events = await _events(store)
    assert len(events) == 1
    assert SECRET not in json.dumps(events[0]["source"])


async def test_stripe(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "stripe")
    signed = _stripe()
    assert (await sender.post(PUSHED, content=BODY, headers=signed)).status_code == 202
    replay = await sender.post(PUSHED, content=BODY, headers=signed)
    assert (replay.status_code, replay.json()["code"]) == (409, "replayed")
    retried = await sender.post(PUSHED, content=BODY, headers=_stripe(age=5))
    assert (retried.status_code, retried.json()["repeated"]) == (200, True)
    assert (await sender.post(PUSHED, content=BODY, headers=_stripe(age=400))).status_code == 401
    assert len(await _events(store)) == 1


async def test_slack(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "slack")
    question = b'{"type": "url_verification", "challenge": "c-1"}'
    answer = await sender.post(PUSHED, content=question, headers=_slack(question))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "c-1"})
    assert (await sender.post(PUSHED, content=question, headers=_slack(b"other"))).status_code == 401
    command = b"command=%2Fdeploy&text=now"
    headers = _slack(command) | {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await sender.post(PUSHED, content=command, headers=headers)).status_code == 202
    assert (await _events(store))[0]["payload"] == {"command": "/deploy", "text": "now"}


async def test_a_plain_token(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "token", header="X-Api-Key", dedup={"path": "ref"})
    headers = JSON | {"X-Api-Key": SECRET}
    assert [(await sender.post(PUSHED, content=BODY, headers=headers)).status_code for _ in range(2)] == [202, 200]
    assert (await sender.post(PUSHED, content=BODY, headers=JSON | {"X-Api-Key": SECRET + "x"})).status_code == 401
    assert (await sender.post(PUSHED, content=b"{}", headers=headers)).status_code == 202
    assert len(await _events(store)) == 2


async def test_two_secrets_while_they_change(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "gitlab", secret=["the old one", SECRET])
    for number, secret in enumerate(("the old one", SECRET)):
        headers = JSON | {"X-Gitlab-Token": secret, "Idempotency-Key": str(number)}
        assert (await sender.post(PUSHED, content=BODY, headers=headers)).status_code == 202
    assert (await sender.post(PUSHED, content=BODY, headers=JSON | {"X-Gitlab-Token": "older"})).status_code == 401


@pytest.mark.parametrize("signature", ["github", "gitlab", "slack", "stripe", "token"])
async def test_nothing_tells_whether_there_is_such_a_webhook(
    sender: httpx2.AsyncClient, store: Store, signature: str
) -> None:
    await _use(store, signature)
    answers = [await sender.post(place, content=BODY, headers=JSON) for place in (PUSHED, "/webhooks/sample.nobody")]
    same = [{**answer.json(), "request_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert same[0] == same[1]


async def test_many_at_once_are_one(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "github")
    answers = await asyncio.gather(*(sender.post(PUSHED, content=BODY, headers=_github()) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [202]
    assert len({answer.json()["event_id"] for answer in answers}) == 1


async def test_forms_that_cannot_be_stored(sender: httpx2.AsyncClient, store: Store) -> None:
    await _use(store, "slack")
    for body, status in ((b"a=%00", 422), (b"payload=%7B", 400), (b"a" * 10, 400), (b"a=1&" * 2000, 400)):
        headers = _slack(body) | {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await sender.post(PUSHED, content=body, headers=headers)).status_code == status
    assert await _events(store) == []
