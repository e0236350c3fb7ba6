"""An outlet: in order, in batches, again until the API has it, and never in the name of another lease."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from tests.support.waiting import until

from attune_common.contracts.sensor import EmitAnswer, EmitRequest, Emitted, Saved, Verdict
from attune_sensor import emit
from attune_sensor.api import ApiAway, ApiRefused, LeaseLost
from attune_sensor.emit import Outlet
from attune_sensor.protocol import Said


class ScriptedApi:
    """Answers as the script says, then well. `got`: the requests that were answered well."""

    def __init__(self, *script: Exception) -> None:
        self.script = list(script)
        self.got: list[EmitRequest] = []
        self.poison = ""

    async def emit(self, ref: str, request: EmitRequest) -> EmitAnswer:
        if self.script:
            raise self.script.pop(0)
        if any(event.key == self.poison for event in request.events):
            raise ApiRefused("bad_data", "it cannot be stored")
        self.got.append(request)
        return EmitAnswer(verdicts=[Verdict(event=len(self.got)) for _ in request.events])


def said(key: str, state: Any = None) -> Said:
    return Said(Emitted(trigger="a.b", payload={}, key=key), None if state is None else Saved(value=state))


@asynccontextmanager
async def sending(outlet: Outlet, token: str = "t") -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(outlet.send(token))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, LeaseLost):
            await task


def outlet(api: ScriptedApi) -> Outlet:
    made: Any = Outlet("a.sensor", api)  # type: ignore[arg-type]
    return made  # type: ignore[no-any-return]


async def put(target: Outlet, *entries: Said) -> list[Verdict]:
    answers: list[Verdict] = []
    for entry in entries:
        await target.put(entry, 100, answers.append)
    return answers


async def test_what_waits_goes_out_together_and_each_is_answered() -> None:
    api = ScriptedApi()
    target = outlet(api)
    answers = await put(target, *(said(str(number)) for number in range(5)))
    async with sending(target):
        await until(lambda: len(answers) == 5)
    assert [[event.key for event in request.events] for request in api.got] == [["0", "1", "2", "3", "4"]]


async def test_a_state_ends_a_batch_and_goes_with_it() -> None:
    api = ScriptedApi()
    target = outlet(api)
    answers = await put(target, said("0"), said("1", state=7), said("2"), Said(None, Saved(value=8)))
    async with sending(target):
        await until(lambda: len(answers) == 4)
    assert [([event.key for event in request.events], request.state) for request in api.got] == [
        (["0", "1"], Saved(value=7)),
        (["2"], Saved(value=8)),
    ]


async def test_the_same_batch_is_sent_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit, "_FIRST_PAUSE", 0.001)
    api = ScriptedApi(ApiAway("down"), ApiAway("down"))
    target = outlet(api)
    answers = await put(target, said("0"), said("1"))
    async with sending(target):
        await until(lambda: len(answers) == 2)
    assert len(api.got) == 1
    assert len(target) == 0


async def test_one_that_cannot_be_stored_harms_no_other() -> None:
    api = ScriptedApi()
    api.poison = "1"
    target = outlet(api)
    answers = await put(target, said("0"), said("1"), said("2"))
    async with sending(target):
        await until(lambda: len(answers) == 3)
    assert [answer.error is None for answer in answers] == [True, False, True]


async def test_what_a_lost_lease_left_goes_out_under_the_next() -> None:
    api = ScriptedApi(LeaseLost("gone"))
    target = outlet(api)
    answers = await put(target, said("0"))
    async with sending(target, "first") as task:
        await until(task.done)
        assert isinstance(task.exception(), LeaseLost)
    async with sending(target, "second"):
        await until(lambda: len(answers) == 1)
    assert [(request.token, request.events[0].key) for request in api.got] == [("second", "0")]


async def test_it_is_settled_when_all_is_answered() -> None:
    target = outlet(ScriptedApi(ApiAway("down")))
    await target.settled()
    answers = await put(target, said("0", state=1), said("1", state=2))
    settled = asyncio.create_task(target.settled())
    async with sending(target):
        await settled
    assert len(answers) == 2


async def test_a_sensor_that_is_too_fast_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit, "_MOST_WAITING", 10)
    target = outlet(ScriptedApi())
    answers: list[Verdict] = []
    feeding = asyncio.create_task(_feed(target, 50, answers))
    await until(lambda: len(target) == 10)
    assert not feeding.done()
    async with sending(target):
        await until(lambda: len(answers) == 50)
    await feeding


async def _feed(target: Outlet, count: int, answers: list[Verdict]) -> None:
    for number in range(count):
        await target.put(said(str(number)), 100, answers.append)
