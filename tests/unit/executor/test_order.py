"""Batches about one run come one after the other: the next one may go when the one before has decided."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from attune_common.store.errors import RowsChanged
from attune_executor.order import Order, Turn
from tests.support.waiting import until


class Batch:
    """Runs until it is told to decide, and to end."""

    def __init__(self, order: Order, *runs: int) -> None:
        self._order, self._runs = order, runs
        self._decides, self._ends = asyncio.Event(), asyncio.Event()
        self.turn: Turn | None = None
        self.states: dict[int, Any] = {run: SimpleNamespace() for run in runs}
        self.task = asyncio.create_task(self._take())

    @property
    def taken(self) -> Turn:
        assert self.turn is not None, "it waits"
        return self.turn

    def decide(self) -> None:
        self._decides.set()

    async def end(self) -> None:
        self.decide()
        self._ends.set()
        await self.task

    async def _take(self) -> None:
        async with self._order.of(self._runs) as self.turn:
            await self._decides.wait()
            self.turn.decided(self.states)
            await self._ends.wait()


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _two_in_a_row() -> tuple[Order, Batch, Batch]:
    """The first has decided on run 1, the second follows it."""
    order = Order()
    first, second = Batch(order, 1), Batch(order, 1)
    await _settled()
    first.decide()
    await until(lambda: second.turn is not None, describe="the second goes on")
    return order, first, second


async def test_who_shares_a_run_waits_until_it_is_decided_and_others_do_not() -> None:
    order = Order()
    first, second, other = Batch(order, 1, 2), Batch(order, 2, 3), Batch(order, 4)
    await _settled()
    assert [one.turn is not None for one in (first, second, other)] == [True, False, True]
    first.decide()
    await until(lambda: second.turn is not None, describe="the second goes on")
    assert second.taken.ahead(2) is first.states[2]
    assert second.taken.ahead(3) is None
    for batch in (first, second, other):
        await batch.end()
    assert order._held == {}


async def test_what_was_decided_is_true_when_it_was_stored() -> None:
    _, first, second = await _two_in_a_row()
    waiting = asyncio.create_task(second.taken.until_true())
    await _settled()
    assert not waiting.done()
    first.taken.stored()
    await first.end()
    await waiting
    await second.end()


async def test_who_follows_what_was_not_stored_begins_again() -> None:
    _, first, second = await _two_in_a_row()
    await first.end()
    with pytest.raises(RowsChanged):
        await second.taken.until_true()
    await second.end()


async def test_a_run_goes_back_to_who_still_has_it() -> None:
    """The second gave up before the first had ended: a third still comes after the first."""
    order, first, second = await _two_in_a_row()
    await second.end()
    third = Batch(order, 1)
    await _settled()
    assert third.taken.before == {1: first.turn}
    await first.end()
    await third.end()
    assert order._held == {}


async def test_who_has_ended_remembers_nobody() -> None:
    """Each follows the one before as long as a list is busy: a chain of all of them would keep all their states."""
    order, first, second = await _two_in_a_row()
    assert second.taken.before == {1: first.turn}
    await first.end()
    third = Batch(order, 1)
    second.decide()
    await _settled()
    await second.end()
    assert third.taken.before == {1: second.turn}
    assert second.taken.before == {}
    await third.end()


async def test_only_what_the_first_try_decides_may_be_followed() -> None:
    turn = Turn({})
    assert [turn.use(), turn.use()] == [True, False]


async def test_who_fails_lets_the_next_go_on() -> None:
    order = Order()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            async with order.of({1}):
                raise RuntimeError("cannot be stored")
    assert order._held == {}
