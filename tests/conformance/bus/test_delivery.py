"""From publisher to handler: order, batches, fan-out, patterns, what is kept and for how long."""

from __future__ import annotations

import asyncio

import pytest
from tests.conformance.bus.bench import Bench, Taker, wire
from tests.support.waiting import until

from attune_common.bus.bus import Delivery, Subscription
from attune_common.contracts.envelope import Wire
from attune_common.contracts.registry import TO_A_QUEUE, Exchange


async def test_a_message_arrives_with_its_key_and_its_contents(bench: Bench) -> None:
    taker = Taker()
    await bench.consume(bench.queue(), taker)
    await bench.bus.publish([wire(bench.key("some.key"), 1, 2, 3)])
    assert await taker.have(3) == [1, 2, 3]
    (delivery,) = taker.deliveries
    assert delivery.routing_key == bench.key("some.key")
    assert (delivery.redelivered, delivery.attempt) == (False, 1)


async def test_messages_of_a_queue_keep_their_order(bench: Bench) -> None:
    taker = Taker()
    await bench.consume(bench.queue(), taker)
    for start in range(0, 500, 50):
        await bench.send(*range(start, start + 50))
    assert await taker.have(500) == list(range(500))


async def test_what_has_arrived_meanwhile_is_one_batch_and_no_larger_than_asked(bench: Bench) -> None:
    taker = Taker()
    taker.hold()
    await bench.consume(bench.queue(max_batch=20), taker)
    await bench.send(0)
    await until(lambda: taker.entered)
    await bench.send(*range(1, 101))
    await bench.ready(bench.queue(max_batch=20), 0)
    taker.release()
    assert await taker.have(101) == list(range(101))
    assert max(len(batch) for batch in taker.batches) == 20
    assert len(taker.batches) < 15


async def test_an_idle_consumer_gets_a_single_message_at_once(bench: Bench) -> None:
    taker = Taker()
    await bench.consume(bench.queue(), taker)
    loop = asyncio.get_running_loop()
    waits = []
    for number in range(20):
        began = loop.time()
        await bench.send(number)
        await taker.have(number + 1)
        waits.append(loop.time() - began)
    assert sorted(waits)[10] < 0.2
    assert taker.batches == [[number] for number in range(20)]


async def test_two_queues_get_a_copy_each(bench: Bench) -> None:
    first, second = Taker(), Taker()
    await bench.consume(bench.queue("first"), first)
    await bench.consume(bench.queue("second"), second)
    await bench.send(1, 2)
    assert await first.have(2) == await second.have(2) == [1, 2]


async def test_a_message_to_a_queue_reaches_no_other(bench: Bench) -> None:
    first, second = Taker(), Taker()
    await bench.consume(bench.queue("first"), first)
    await bench.consume(bench.queue("second"), second)
    body = wire("", 1).body
    await bench.bus.publish([Wire(TO_A_QUEUE, bench.queue("second").queue, body)])
    await bench.send(2)
    assert await second.have(2) == [1, 2]
    assert await first.have(1) == [2]


async def test_consumers_of_one_queue_share_its_messages(bench: Bench) -> None:
    takers = [Taker(), Taker()]
    other = await bench.another()
    await bench.consume(bench.queue(prefetch=5), takers[0])
    await bench.consume(bench.queue(prefetch=5), takers[1], other)
    for start in range(0, 200, 20):
        await bench.send(*range(start, start + 20))
    await until(lambda: len(takers[0].numbers) + len(takers[1].numbers) >= 200)
    assert sorted(takers[0].numbers + takers[1].numbers) == list(range(200))
    assert takers[0].numbers
    assert takers[1].numbers


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("#", ["a", "a.b", "a.b.c", "b.c"]),
        ("a.*", ["a.b"]),
        ("a.#", ["a", "a.b", "a.b.c"]),
        ("*.b.*", ["a.b.c"]),
        ("#.c", ["a.b.c", "b.c"]),
        ("a.b", ["a.b"]),
    ],
)
async def test_topic_patterns(bench: Bench, pattern: str, expected: list[str]) -> None:
    got: list[str] = []

    async def remember(deliveries: list[Delivery]) -> None:
        got.extend(one.routing_key.removeprefix(bench.word + ".") for one in deliveries)

    await bench.consume(bench.queue("queue", pattern, "end"), remember)
    for key in ("a", "a.b", "a.b.c", "b.c", "end"):
        await bench.send(1, key=key)
    await until(lambda: got and got[-1] == "end")
    assert got[:-1] == (expected if pattern != "#" else [*expected])


async def test_two_patterns_that_fit_give_one_copy(bench: Bench) -> None:
    taker = Taker()
    await bench.consume(bench.queue("queue", "a.#", "a.*"), taker)
    await bench.send(1, key="a.b")
    await bench.send(2, key="a.b")
    assert await taker.have(2) == [1, 2]


async def test_jobs_go_on_to_the_listeners_of_events(bench: Bench) -> None:
    worker, listener = Taker(), Taker()
    key = bench.key("job")
    await bench.consume(Subscription(f"test.{bench.word}.worker", ((Exchange.EXECUTIONS, key),)), worker)
    await bench.consume(bench.queue("listener"), listener)
    await bench.bus.publish([wire(key, 7, exchange=Exchange.EXECUTIONS)])
    assert await worker.have(1) == await listener.have(1) == [7]


async def test_the_control_exchange_reaches_everyone_whatever_the_key(bench: Bench) -> None:
    takers = [Taker(), Taker()]
    for index, taker in enumerate(takers):
        name = f"test.{bench.word}.control{index}"
        await bench.consume(Subscription(name, ((Exchange.CONTROL, "#"),), durable=False), taker)
    await bench.bus.publish([wire("execution.cancel", 9, exchange=Exchange.CONTROL)])
    assert await takers[0].have(1) == await takers[1].have(1) == [9]


async def test_a_message_that_nobody_listens_to_is_no_error(bench: Bench) -> None:
    await bench.send(1, key="nobody.listens")


async def test_a_declared_queue_keeps_messages_for_the_first_consumer(bench: Bench) -> None:
    await bench.bus.declare(bench.queue())
    await bench.bus.declare(bench.queue())
    await bench.send(1, 2, 3)
    taker = Taker()
    await bench.consume(bench.queue(), taker)
    assert await taker.have(3) == [1, 2, 3]


async def test_a_durable_queue_outlives_its_consumer(bench: Bench) -> None:
    first, second = Taker(), Taker()
    consumer = await bench.consume(bench.queue(), first)
    await bench.send(1)
    await first.have(1)
    await consumer.stop()
    await bench.send(2)
    await bench.consume(bench.queue(), second)
    assert await second.have(1) == [2]
    assert first.numbers == [1]


async def test_a_private_queue_vanishes_with_its_consumer(bench: Bench) -> None:
    first, second = Taker(), Taker()
    consumer = await bench.consume(bench.queue(durable=False), first)
    await bench.send(1)
    await first.have(1)
    await consumer.stop()
    await bench.send(2)
    await bench.consume(bench.queue(durable=False), second)
    await bench.send(3)
    assert await second.have(1) == [3]


async def test_private_queues_of_one_name_get_a_copy_each(bench: Bench) -> None:
    first, second = Taker(), Taker()
    other = await bench.another()
    await bench.consume(bench.queue(durable=False), first)
    await bench.consume(bench.queue(durable=False), second, other)
    await bench.send(5)
    assert await first.have(1) == await second.have(1) == [5]


async def test_no_more_than_the_prefetch_is_in_hand(bench: Bench) -> None:
    greedy, other = Taker(), Taker()
    greedy.hold()
    await bench.consume(bench.queue(prefetch=10), greedy)
    await bench.send(*range(30))
    await bench.ready(bench.queue(), 20)
    await bench.consume(bench.queue(), other, await bench.another())
    assert await other.have(20) == list(range(10, 30))
    greedy.release()
    assert await greedy.have(10) == list(range(10))


async def test_the_depth_counts_what_is_ready_and_who_consumes(bench: Bench) -> None:
    assert await bench.bus.depth(f"test.{bench.word}.nothing") == (0, 0)
    await bench.bus.declare(bench.queue())
    await bench.send(1, 2, 3)
    await bench.ready(bench.queue(), 3)
    assert await bench.bus.depth(bench.queue().queue) == (3, 0)
    taker = Taker()
    await bench.consume(bench.queue(), taker)
    await taker.have(3)
    await bench.ready(bench.queue(), 0)
    assert await bench.bus.depth(bench.queue().queue) == (0, 1)


async def test_ten_thousand_events_exactly_once(bench: Bench) -> None:
    takers = [Taker(), Taker()]
    for taker in takers:
        await bench.consume(bench.queue(), taker, await bench.another())
    wires = [wire(bench.key("x"), *range(start, start + 5)) for start in range(0, 10_000, 5)]
    for start in range(0, len(wires), 100):
        await bench.bus.publish(wires[start : start + 100])
    await until(lambda: len(takers[0].numbers) + len(takers[1].numbers) >= 10_000, 60)
    await bench.ready(bench.queue(), 0)
    assert sorted(takers[0].numbers + takers[1].numbers) == list(range(10_000))


async def test_a_large_message_arrives_whole(bench: Bench) -> None:
    taker = Taker()
    await bench.consume(bench.queue(), taker)
    body = wire(bench.key("x"), 1).body
    await bench.bus.publish([Wire(Exchange.EVENTS, bench.key("x"), body[:-1] + b" " * 3_000_000 + body[-1:])])
    assert await taker.have(1) == [1]
