"""Queues that keep their messages: readers begin anywhere, take nothing away, and agree on positions."""

from __future__ import annotations

from tests.conformance.bus.bench import Bench, Taker
from tests.support.waiting import until

from attune_common.bus.bus import Kept, Subscription
from attune_common.contracts.registry import Exchange


def log(bench: Bench) -> Subscription:
    keys = ((Exchange.EVENTS.value, bench.key("#")),)
    return Subscription(f"test.{bench.word}.log", keys, kept=Kept(3600, 20_000_000))


async def test_every_reader_gets_everything_in_the_same_order_under_the_same_positions(bench: Bench) -> None:
    first, second = Taker(), Taker()
    await bench.consume(log(bench), first)
    await bench.consume(log(bench), second)
    await bench.send(1, 2, 3)
    assert await first.have(3) == [1, 2, 3]
    assert await second.have(3) == [1, 2, 3]
    positions = [one.position for one in first.deliveries]
    assert positions == sorted(set(positions)) == [one.position for one in second.deliveries]


async def test_a_reader_begins_behind_any_position_also_when_nobody_has_read_meanwhile(bench: Bench) -> None:
    taker = Taker()
    consumer = await bench.consume(log(bench), taker)
    await bench.send(1, 2, 3)
    await taker.have(3)
    await consumer.stop()
    await bench.send(4, 5)
    later = Taker()
    await bench.bus.consume(log(bench), later, after=taker.deliveries[1].position)
    assert await later.have(3) == [3, 4, 5]


async def test_without_a_position_only_what_comes_is_read(bench: Bench) -> None:
    await bench.bus.declare(log(bench))
    await bench.send(1)
    everything = Taker()
    await bench.bus.consume(log(bench), everything, after=-1)
    assert await everything.have(1) == [1]
    taker = Taker()
    await bench.consume(log(bench), taker)
    await bench.send(2)
    assert await taker.have(1) == [2]


async def test_a_handler_that_fails_gets_the_same_again(bench: Bench) -> None:
    taker = Taker()
    taker.failures = 2
    await bench.consume(log(bench), taker)
    await bench.send(1)
    await bench.send(2)
    await until(lambda: sorted(taker.numbers) == [1, 2])
