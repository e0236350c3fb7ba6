"""Webhooks: only the right sender, only once, only what the trigger expects."""

from __future__ import annotations

import asyncio
import json
import time

import httpx2
import pytest
from tests.integration.api import samples, world
from tests.integration.api.conftest import Clients

from attune_api.packfiles.archives import canonical
from attune_common.contracts.event import EventCreated
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_common.vault.envelope import Vault
from attune_common.vault.keyring import new_key
from attune_core.webhooks.signatures import sign

pytestmark = pytest.mark.usefixtures("pack")
BODY = json.dumps({"branch": "main"}).encode()
JSON = {"Content-Type": "application/json"}
PUSHED = "/webhooks/sample.pushed"


@pytest.fixture
def sender(clients: Clients) -> httpx2.AsyncClient:
    """Someone outside: no token."""
    return clients.client()


def _signed(body: bytes = BODY, secret: str = samples.SECRET, age: int = 0) -> dict[str, str]:
    return JSON | {"X-Attune-Signature": sign(secret.encode(), int(time.time()) - age, body)}


async def test_it_becomes_an_event(sender: httpx2.AsyncClient, api: httpx2.AsyncClient, store: Store) -> None:
    answer = await sender.post(PUSHED, content=BODY, headers=_signed())
    assert (answer.status_code, list(answer.json())) == (202, ["event_id"])
    event = (await api.get(f"/events/{answer.json()['event_id']}")).json()
    assert (event["trigger"], event["payload"]) == ("sample.pushed", {"branch": "main"})
    assert event["source"]["kind"] == "webhook"
    assert await world.sent(store) == [
        EventCreated(event_id=event["id"], trigger_ref="sample.pushed", trace_id=event["trace_id"])
    ]


@pytest.mark.parametrize(
    "headers",
    [
        JSON,
        JSON | {"X-Attune-Signature": ""},
        JSON | {"X-Attune-Signature": "t=1,v1=" + "0" * 64},
        _signed(secret="guessed"),
        _signed(body=b"other"),
        _signed(age=3000),
        _signed(age=-3000),
        JSON | {"Authorization": "Bearer x"},
    ],
)
async def test_everything_unproven_gets_the_same_401(
    sender: httpx2.AsyncClient, headers: dict[str, str], store: Store
) -> None:
    wrong = await sender.post(PUSHED, content=BODY, headers=headers)
    unknown = await sender.post("/webhooks/sample.nobody", content=BODY, headers=headers)
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    same = [{**answer.json(), "request_id": ""} for answer in (wrong, unknown)]
    assert same[0] == same[1]
    assert await world.sent(store) == []


async def test_a_delivery_counts_once(sender: httpx2.AsyncClient, store: Store) -> None:
    headers = _signed()
    answers = await asyncio.gather(*(sender.post(PUSHED, content=BODY, headers=headers) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 9
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"replayed"}
    assert len(await world.sent(store)) == 1


async def test_a_second_secret_is_valid_during_rotation(
    sender: httpx2.AsyncClient, api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setenv("SAMPLE_NEXT_SECRET", "the next one")
    spec = {"webhook": {"signature": "attune", "secret": samples.SECRET, "secret_env": "SAMPLE_NEXT_SECRET"}}
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.trigger SET spec = $1 WHERE ref = 'sample.pushed'", spec)
    for secret in (samples.SECRET, "the next one"):
        assert (await sender.post(PUSHED, content=BODY, headers=_signed(secret=secret))).status_code == 202


async def test_its_secret_may_be_a_kept_one(
    sender: httpx2.AsyncClient, api: httpx2.AsyncClient, clients: Clients, store: Store
) -> None:
    spec = {"webhook": {"signature": "attune", "secret_key": "hook"}}
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.trigger SET spec = $1 WHERE ref = 'sample.pushed'", spec)

    async def answers(*secrets: str) -> list[int]:
        return [(await sender.post(PUSHED, content=BODY, headers=_signed(secret=one))).status_code for one in secrets]

    await api.put("/secrets/pack:other/hook", json={"value": "of another"})
    assert await answers("", "of another", "hook") == [401, 401, 401]
    await api.put("/secrets/pack:sample/hook", json={"value": "first one"})
    assert await answers("first one", "of another") == [202, 401]
    await api.put("/secrets/pack:sample/hook", json={"value": ["second one", "first two"]})
    assert await answers("second one", "first two", "first one") == [202, 202, 401]
    clients.app.state.context.vault = Vault(Settings(master_keys=new_key("other").line))
    refused = await sender.post(PUSHED, content=BODY, headers=_signed(secret="second one"))
    assert (refused.status_code, refused.json()["code"]) == (503, "unknown_master_key")


async def test_a_trigger_whose_secret_is_not_set_accepts_nothing(sender: httpx2.AsyncClient, store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute(
            "UPDATE attune.trigger SET spec = $1 WHERE ref = 'sample.pushed'",
            {"webhook": {"signature": "attune", "secret_env": "SAMPLE_UNSET"}},
        )
    for secret in ("", samples.SECRET):
        assert (await sender.post(PUSHED, content=BODY, headers=_signed(secret=secret))).status_code == 401


async def test_a_disabled_trigger_is_unknown(sender: httpx2.AsyncClient, store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.trigger SET enabled = false")
    assert (await sender.post(PUSHED, content=BODY, headers=_signed())).status_code == 401


async def test_an_open_one_asks_for_no_signature(sender: httpx2.AsyncClient) -> None:
    for _ in range(2):
        assert (await sender.post("/webhooks/open.door", content=b'{"a": 1}', headers=JSON)).status_code == 202
    assert (await sender.post("/webhooks/open.door")).status_code == 202


async def test_the_payload_is_checked(sender: httpx2.AsyncClient) -> None:
    body = b'{"branch": 5}'
    answer = await sender.post(PUSHED, content=body, headers=_signed(body))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_payload")
    assert answer.json()["errors"][0]["path"] == "payload.branch"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"branch": "a\\u0000"}', "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
        (b"branch=main", "application/x-www-form-urlencoded", 415),
        (b'{"branch": "main"}', "application/vnd.forge+json", 202),
    ],
)
async def test_bodies(sender: httpx2.AsyncClient, body: bytes, kind: str, status: int) -> None:
    answer = await sender.post(PUSHED, content=body, headers=_signed(body) | {"Content-Type": kind})
    assert answer.status_code == status


async def test_size_is_refused_before_anything_else(sender: httpx2.AsyncClient) -> None:
    answer = await sender.post("/webhooks/sample.nobody", content=bytes(2 * 1024 * 1024), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize("key", ["%00", "a%00", "a%0Ab", "%F0%9F%98%80", "x" * 300, "a%20b", "//", "a//b"])
async def test_keys_that_cannot_be(sender: httpx2.AsyncClient, key: str) -> None:
    assert (await sender.post(f"/webhooks/{key}", content=b"{}", headers=JSON)).status_code in (404, 422)


async def test_more_than_its_rate_is_refused(api: httpx2.AsyncClient, sender: httpx2.AsyncClient) -> None:
    trigger = "  secret: a shared secret\n  rate_limit: {limit: 2, per: hour}\n"
    files = {"pack.yaml": "ref: fast\n", "triggers/t.yaml": f"ref: fast.t\nwebhook:\n{trigger}"}
    packed = canonical({name: text.encode() for name, text in files.items()})
    assert (await api.post("/packs", content=packed, headers=samples.GZIP)).status_code == 201
    wrong = await sender.post("/webhooks/fast.t", content=BODY, headers=JSON)
    bodies = [json.dumps({"n": number}).encode() for number in range(4)]
    answers = [await sender.post("/webhooks/fast.t", content=body, headers=_signed(body)) for body in bodies]
    assert (wrong.status_code, [answer.status_code for answer in answers]) == (401, [202, 202, 429, 429])
    assert (answers[2].json()["code"], int(answers[2].headers["retry-after"]) > 3_500) == ("rate_limited", True)
