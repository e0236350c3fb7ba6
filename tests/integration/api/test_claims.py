"""Claims of workers: of all that have the same job, one may begin it."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

import httpx2
from tests.integration.api import world
from tests.integration.api.conftest import Clients

from attune_api.permissions import Role
from attune_common.store.store import Store

Api: TypeAlias = httpx2.AsyncClient
TOKEN = "f" * 32


async def _claim(api: Api, worker: str, execution: int, claim: str, token: str = TOKEN) -> list[str]:
    wanted = {"execution_id": execution, "token": token, "claim": claim}
    answer = await api.post("/workers/claims", json={"worker": worker, "claims": [wanted]})
    assert answer.status_code == 200, answer.text
    tokens: list[str] = answer.json()["tokens"]
    return tokens


async def test_one_of_many_may_begin_and_is_told_again(api: Api, store: Store) -> None:
    execution = await world.execution(store, status="scheduled", token=TOKEN)
    asked = [_claim(api, f"worker-{number}", execution, f"claim{number}") for number in range(8)]
    answers = await asyncio.gather(*asked)
    assert sorted(answers) == [[]] * 7 + [[TOKEN]]
    first = answers.index([TOKEN])
    assert await _claim(api, f"worker-{first}", execution, f"claim{first}") == [TOKEN]
    assert await _claim(api, f"worker-{first}", execution, "another") == []
    shown = (await api.get(f"/executions/{execution}")).json()
    assert (shown["status"], shown["worker"]) == ("running", f"worker-{first}")


async def test_what_was_given_to_another_or_is_over_is_not_begun(api: Api, store: Store) -> None:
    replaced = await world.execution(store, status="scheduled", token="e" * 32)
    over = await world.execution(store, status="completed", token=TOKEN)
    assert await _claim(api, "w", replaced, "c") == []
    assert await _claim(api, "w", over, "c") == []
    assert await _claim(api, "w", 2**40, "c") == []


async def test_a_claim_of_an_earlier_attempt_does_not_count(api: Api, store: Store) -> None:
    execution = await world.execution(store, status="scheduled", token=TOKEN)
    assert await _claim(api, "w", execution, "c") == [TOKEN]
    async with store.unit() as unit:
        await unit.execute("UPDATE attune.execution SET token = $2, status = 'scheduled' WHERE id = $1", execution, "n")
    assert await _claim(api, "w", execution, "c") == []
    assert await _claim(api, "other", execution, "d", "n") == ["n"]


async def test_an_attempt_that_was_accepted_can_still_be_claimed(api: Api, store: Store) -> None:
    """A heartbeat may come before the claim does."""
    execution = await world.execution(store, status="running", token=TOKEN, worker="other")
    assert await _claim(api, "w", execution, "c") == [TOKEN]
    assert (await api.get(f"/executions/{execution}")).json()["worker"] == "w"


async def test_only_workers_claim(clients: Clients) -> None:
    wanted = {"worker": "w", "claims": [{"execution_id": 1, "token": TOKEN, "claim": "c"}]}
    for role in (Role.OPERATOR, Role.AUTHOR):
        assert (await (await clients.as_role(role)).post("/workers/claims", json=wanted)).status_code == 403
    assert (await (await clients.as_role(Role.WORKER)).post("/workers/claims", json=wanted)).status_code == 200
