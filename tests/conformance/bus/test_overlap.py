"""Batches that overlap: the next one goes when the last one only waits, two are under way at most, none is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.conformance.bus.bench import Bench, numbers_of
from tests.support.waiting import until

from attune_common.bus.bus import Delivery, Subscription
from attune_common.runtime import handover


class Storer:
    """A handler that decides at once and then waits until its batch is stored. `says`: it tells that it only waits."""

    def __init__(self, *, says: bool = True) -> None:
        self.begun: list[list[int]] = []
        self.done: list[list[int]] = []
        self.failures = 0
        self._says = says
        self._stored: list[asyncio.Event] = []

    def store(self, place: int) -> None:
        self._stored[place].set()

    async def __call__(self, deliveries: list[Delivery]) -> None:
        stored = asyncio.Event()
        self._stored.append(stored)
        self.begun.append(numbers_of(deliveries))
        if self._says:
            handover.only_waits()
        await stored.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("cannot be stored")
        self.done.append(numbers_of(deliveries))


def _queue(bench: Bench, *, overlaps: bool = True, enough: int = 100) -> Subscription:
    return replace(bench.queue(), overlaps=overlaps, enough=enough)


async def _two_under_way(bench: Bench, storer: Storer, *more: int) -> None:
    """1 and 2 are being stored, `more` has come."""
    for number in (1, 2):
        await bench.send(number)
        await until(lambda number=number: [number] in storer.begun, describe=f"batch {number}")
    await bench.send(*more)
    await bench.ready(_queue(bench), 0)


async def test_the_next_batch_goes_when_the_last_one_only_waits(bench: Bench) -> None:
    storer = Storer()
    await bench.consume(_queue(bench), storer)
    await _two_under_way(bench, storer, 3)
    assert storer.done == []
    storer.store(1)
    await until(lambda: storer.done == [[2]], describe="the second was stored first")
    assert storer.begun == [[1], [2]], "the third waits for the first"
    storer.store(0)
    await until(lambda: storer.begun == [[1], [2], [3]], describe="the third begins")
    storer.store(2)
    await until(lambda: storer.done == [[2], [1], [3]], describe="all are stored")


async def test_without_a_word_batches_come_one_after_the_other(bench: Bench) -> None:
    for place, storer in enumerate((Storer(says=False), Storer())):
        subscription = replace(_queue(bench, overlaps=place == 0), queue=f"test.{bench.word}.{place}")
        consumer = await bench.consume(subscription, storer)
        await bench.send(1)
        await until(lambda storer=storer: storer.begun == [[1]], describe="the first batch")
        await bench.send(2)
        await bench.ready(subscription, 0)
        assert storer.begun == [[1]]
        storer.store(0)
        await until(lambda storer=storer: storer.begun == [[1], [2]], describe="the second batch")
        storer.store(1)
        await consumer.stop()
        assert storer.done == [[1], [2]]


async def test_a_batch_that_fails_while_another_is_under_way_is_given_again(bench: Bench) -> None:
    storer = Storer()
    await bench.consume(_queue(bench), storer)
    await _two_under_way(bench, storer, 3)
    storer.failures = 1
    storer.store(0)
    await until(lambda: len(storer.begun) > 2, describe="it goes on")
    for place in range(1, 8):
        await until(lambda place=place: len(storer.begun) > place or len(storer.done) >= 3, describe=f"batch {place}")
        if place < len(storer.begun):
            storer.store(place)
        if sorted(number for batch in storer.done for number in batch) == [1, 2, 3]:
            break
    await until(lambda: sorted(n for batch in storer.done for n in batch) == [1, 2, 3], describe="each was stored once")


async def test_who_stops_waits_for_both(bench: Bench) -> None:
    storer = Storer()
    consumer = await bench.consume(_queue(bench), storer)
    await _two_under_way(bench, storer)
    stopping = asyncio.create_task(consumer.stop())
    storer.store(0)
    await until(lambda: storer.done == [[1]], describe="the first")
    assert not stopping.done()
    storer.store(1)
    await stopping
    assert (storer.begun, storer.done) == ([[1], [2]], [[1], [2]])


async def test_who_stops_at_once_gives_both_back(bench: Bench) -> None:
    storer = Storer()
    consumer = await bench.consume(_queue(bench), storer)
    await _two_under_way(bench, storer)
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.wait([stopping])
    await bench.ready(_queue(bench), 2)
    assert storer.done == []


async def test_a_batch_that_has_enough_takes_no_more(bench: Bench) -> None:
    storer = Storer()
    await bench.consume(_queue(bench, enough=3), storer)
    await bench.send(0)
    await until(lambda: storer.begun == [[0]], describe="the first batch")
    storer.failures = 1
    await bench.send(*range(1, 8))
    await until(lambda: len(storer.begun) == 2, describe="the second batch")
    storer.failures = 0
    for place in range(6):
        await until(lambda place=place: len(storer.begun) > place, describe=f"batch {place}")
        storer.store(place)
        if sum(map(len, storer.done)) == 8:
            break
        await until(lambda place=place: len(storer.done) > place, describe=f"batch {place} is stored")
        if sum(map(len, storer.done)) == 8:
            break
    assert sorted(n for batch in storer.done for n in batch) == list(range(8))
    assert max(map(len, storer.begun)) == 3
