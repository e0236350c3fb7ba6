"""What becomes of a delivery: acknowledged, given back, refused, failed on, left in hand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest
from tests.conformance.bus.bench import Bench, Taker, numbers_of
from tests.support.waiting import until

from attune_common.bus import batches
from attune_common.bus.bus import Delivery, TryLater
from attune_common.bus.topology import DEAD_LETTERS, QUEUE_HEADER, REASON_HEADER
from attune_common.contracts.envelope import Wire
from attune_common.contracts.registry import Exchange


async def dead_letters(bench: Bench) -> list[Delivery]:
    """Those of this test, as they come."""
    found: list[Delivery] = []

    async def keep(deliveries: list[Delivery]) -> None:
        found.extend(one for one in deliveries if one.headers.get(QUEUE_HEADER, "").startswith(f"test.{bench.word}"))

    await bench.consume(DEAD_LETTERS, keep)
    return found


async def test_what_was_acknowledged_never_comes_again(bench: Bench) -> None:
    async def ack(deliveries: list[Delivery]) -> None:
        for one in deliveries:
            await one.ack()
            await one.ack()

    consumer = await bench.consume(bench.queue(), ack)
    await bench.send(*range(20))
    await bench.ready(bench.queue(), 0)
    await consumer.stop()
    await bench.ready(bench.queue(), 0)


async def test_what_is_left_unsettled_is_acknowledged(bench: Bench) -> None:
    taker = Taker()
    consumer = await bench.consume(bench.queue(), taker)
    await bench.send(*range(20))
    await taker.have(20)
    await consumer.stop()
    assert (await bench.bus.depth(bench.queue().queue))[0] == 0


async def test_a_requeued_delivery_comes_again_and_says_so(bench: Bench) -> None:
    seen: list[tuple[list[int], bool, int]] = []

    async def twice(deliveries: list[Delivery]) -> None:
        for one in deliveries:
            seen.append((numbers_of([one]), one.redelivered, one.attempt))
            if not one.redelivered:
                await one.requeue()

    await bench.consume(bench.queue(), twice)
    await bench.send(1)
    await until(lambda: len(seen) == 2)
    assert seen == [([1], False, 1), ([1], True, 2)]


async def test_a_rejected_delivery_is_a_dead_letter_with_its_reason(bench: Bench) -> None:
    found = await dead_letters(bench)
    taker = Taker()

    async def refuse_odd(deliveries: list[Delivery]) -> None:
        for one in deliveries:
            if numbers_of([one])[0] % 2:
                await one.reject("it is odd")
        await taker([one for one in deliveries if numbers_of([one])[0] % 2 == 0])

    await bench.consume(bench.queue(), refuse_odd)
    await bench.send(1, 2, 3, 4)
    await until(lambda: len(found) == 2)
    assert await taker.have(2) == [2, 4]
    assert {one.headers[REASON_HEADER] for one in found} == {"it is odd"}
    assert {one.headers[QUEUE_HEADER] for one in found} == {bench.queue().queue}
    assert {one.routing_key for one in found} == {bench.key("x")}


async def test_an_undecodable_message_is_a_dead_letter_and_disturbs_nobody(bench: Bench) -> None:
    found = await dead_letters(bench)
    taker = Taker()
    await bench.consume(bench.queue(), taker)
    bodies = [b"garbage", b"", b"{}", b'[{"specversion":"9.9"}]', b'[{"specversion":"1.0","type":"no.such"}]']
    for number, body in enumerate(bodies):
        await bench.send(number)
        await bench.bus.publish([Wire(Exchange.EVENTS, bench.key("x"), body)])
    assert await taker.have(len(bodies)) == list(range(len(bodies)))
    await until(lambda: len(found) >= 4)
    assert {one.body for one in found} >= {b"garbage", *bodies[3:]}
    assert all(one.headers[REASON_HEADER].startswith("undecodable") for one in found)


async def test_a_handler_that_fails_gets_it_again(bench: Bench) -> None:
    taker = Taker()
    taker.failures = 3
    await bench.consume(bench.queue(), taker)
    await bench.send(1)
    assert await taker.have(1) == [1]
    assert taker.entered == 4
    assert taker.deliveries[0].redelivered
    assert taker.deliveries[0].attempt == 4


async def test_the_pause_after_a_failure_grows(bench: Bench) -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []

    async def fail(_deliveries: list[Delivery]) -> None:
        times.append(loop.time())
        raise RuntimeError("never well")

    await bench.consume(bench.queue(), fail)
    await bench.send(1)
    await until(lambda: len(times) >= 5)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps[0] >= 0.045
    assert gaps[3] >= 0.35


async def test_one_poison_among_many_holds_up_nobody(bench: Bench) -> None:
    done: list[int] = []

    async def handler(deliveries: list[Delivery]) -> None:
        if 500 in numbers_of(deliveries):
            raise ValueError("poison")
        done.extend(numbers_of(deliveries))

    await bench.bus.declare(bench.queue())
    await bench.send(*range(1000))
    await bench.consume(bench.queue(), handler)
    await until(lambda: len(done) >= 999, 30)
    assert sorted(done) == [number for number in range(1000) if number != 500]


async def test_what_always_comes_back_is_a_dead_letter_in_the_end(bench: Bench) -> None:
    found = await dead_letters(bench)
    attempts: list[int] = []

    async def give_back(deliveries: list[Delivery]) -> None:
        for one in deliveries:
            attempts.append(one.attempt)
            await one.requeue()

    await bench.consume(bench.queue(), give_back)
    await bench.send(1)
    await until(lambda: found, 30)
    assert len(attempts) == 51
    assert attempts == list(range(1, 52))
    assert found[0].headers[REASON_HEADER]


async def test_stop_waits_for_the_handler_and_gives_the_rest_back(bench: Bench) -> None:
    first, second = Taker(), Taker()
    first.hold()
    subscription = bench.queue(max_batch=5)
    await bench.bus.declare(subscription)
    await bench.send(*range(20))
    consumer = await bench.consume(subscription, first)
    await until(lambda: first.entered)
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.sleep(0.1)
    assert not stopping.done()
    first.release()
    await stopping
    done = list(first.numbers)
    assert done
    assert len(done) <= 5
    await bench.ready(subscription, 20 - len(done))
    await bench.consume(subscription, second)
    await second.have(20 - len(done))
    assert sorted(done + second.numbers) == list(range(20))


async def test_a_consumer_that_is_lost_in_the_middle_loses_nothing(bench: Bench) -> None:
    stuck, second = Taker(), Taker()
    stuck.hold()
    consumer = await bench.consume(bench.queue(), stuck)
    await bench.send(1, 2, 3)
    await until(lambda: stuck.entered)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await consumer.stop()
    await bench.consume(bench.queue(), second)
    await second.have(3)
    assert sorted(second.numbers) == [1, 2, 3]
    assert all(one.redelivered for one in second.deliveries)


async def test_stop_twice_is_well(bench: Bench) -> None:
    consumer = await bench.consume(bench.queue(), Taker())
    await consumer.stop()
    await consumer.stop()


async def test_what_is_put_off_waits_as_often_as_it_takes_and_is_no_dead_letter(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away: nothing is wrong with the messages."""
    monkeypatch.setattr(batches, "LONGEST_PAUSE", 0.01)
    taken: list[list[int]] = []
    attempts = 0

    async def handler(deliveries: list[Delivery]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts <= 3 * batches.FAILURES_ALONE:
            raise TryLater("the database is away")
        taken.append(numbers_of(deliveries))

    await bench.consume(bench.queue(), handler)
    await bench.send(1, 2, 3)
    await bench.send(4)
    await until(lambda: sorted(n for batch in taken for n in batch) == [1, 2, 3, 4], 20, "all are handled in the end")
    assert await bench.bus.depth(DEAD_LETTERS.queue) == (0, 0)
