"""What only a real broker can do to us: cut, hang, forget a queue; and that everything comes back by itself."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.tools import OneShotCallback
from faststream.rabbit.subscriber import RabbitSubscriber
from structlog.testing import capture_logs
from tests.conformance.bus.bench import Bench, Taker, rabbitmq, wire
from tests.support.proxy import Proxy, proxy_to
from tests.support.rabbitmq import Broker
from tests.support.waiting import until

from attune_common.bus import topology
from attune_common.bus.bus import BusUnavailable
from attune_common.bus.rabbitmq import declare, link
from attune_common.bus.rabbitmq.bus import RabbitBus
from attune_common.bus.rabbitmq.port import bounded
from attune_common.bus.rabbitmq.publisher import Unroutable
from attune_common.bus.rabbitmq.session import Session
from attune_common.contracts.registry import Exchange

PATIENCE = 3.0
"""Seconds of silence after which these buses give a connection up, for the tests to be done sooner."""


@dataclass
class Field:
    """`bench.bus` reaches the broker through `proxy`; `direct` does not."""

    bench: Bench
    direct: Bench
    proxy: Proxy

    async def send(self, *numbers: int) -> None:
        await self.direct.bus.publish([wire(self.bench.key("x"), number) for number in numbers])


@pytest.fixture
async def field(amqp_url: str) -> AsyncIterator[Field]:
    async with proxy_to(amqp_url) as proxy:
        bench, direct = Bench(rabbitmq(proxy.through(amqp_url), PATIENCE)), Bench(rabbitmq(amqp_url))
        await bench.open()
        await direct.open()
        try:
            yield Field(bench, direct, proxy)
        finally:
            proxy.heal()
            await bench.close()
            await direct.close()


async def published(field: Field, number: int) -> bool:
    try:
        await field.bench.send(number)
    except BusUnavailable:
        return False
    return True


async def test_a_cut_connection_is_made_again_and_consumers_come_back(field: Field) -> None:
    taker, private = Taker(), Taker()
    await field.bench.consume(field.bench.queue(), taker)
    await field.bench.consume(field.bench.queue("private", durable=False), private)
    await field.send(1)
    await asyncio.gather(taker.have(1), private.have(1))
    for number in (2, 3, 4):
        before = field.proxy.accepted
        field.proxy.cut()
        await until(lambda before=before: field.proxy.accepted >= before + 2, 10, "new connections")
        await until(lambda number=number: published(field, number), 10, "publishing works again")
        await until(lambda number=number: number in taker.numbers, 10, "the consumer is back")
    assert sorted(set(taker.numbers)) == [1, 2, 3, 4]


async def test_what_was_in_hand_when_the_connection_was_cut_is_delivered_again(field: Field) -> None:
    taker = Taker()
    taker.hold()
    await field.bench.consume(field.bench.queue(), taker)
    await field.send(1, 2, 3)
    await until(lambda: taker.entered)
    field.proxy.cut()
    await until(lambda: not field.bench.bus.healthy or field.proxy.accepted >= 4)
    taker.release()
    await until(lambda: set(taker.numbers) == {1, 2, 3} and any(one.redelivered for one in taker.deliveries))
    await field.direct.ready(field.bench.queue(), 0)


async def test_publishing_without_a_broker_fails_within_bounds_and_heals(field: Field) -> None:
    field.proxy.refuse()
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(BusUnavailable):
        await field.bench.send(1)
    assert loop.time() - began < 6
    await until(lambda: not field.bench.bus.healthy, 12, "the bus is not healthy")
    began = loop.time()
    for _ in range(100):
        assert not await published(field, 1)
    assert loop.time() - began < 6, "who knows that there is no broker says so at once"
    field.proxy.heal()
    await until(lambda: published(field, 2), 10, "publishing works again")
    await until(lambda: field.bench.bus.healthy, 10, "the bus is healthy again")


async def test_a_broker_that_hangs_is_noticed_by_the_probe_and_left(field: Field) -> None:
    taker = Taker()
    await field.bench.consume(field.bench.queue(), taker)
    before = field.proxy.accepted
    field.proxy.hang()
    with pytest.raises(BusUnavailable):
        await field.bench.send(1)
    await until(lambda: not field.bench.bus.healthy, 12, "the bus is not healthy")
    await until(lambda: field.proxy.accepted > before, 20, "new connections are tried")
    field.proxy.heal()
    await until(lambda: published(field, 2), 15, "publishing works again")
    await until(lambda: 2 in taker.numbers, 15, "the consumer is back")


async def test_settling_on_a_hanging_broker_ends_and_the_task_is_not_cancelled(field: Field) -> None:
    taker = Taker()
    taker.hold()
    consumer = await field.bench.consume(field.bench.queue(), taker)
    await field.send(1)
    await until(lambda: taker.entered)
    field.proxy.hang()
    taker.release()
    async with asyncio.timeout(20):
        await consumer.stop()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_queue_deleted_under_its_consumer_comes_back_and_others_are_not_disturbed(
    field: Field, amqp_url: str
) -> None:
    taker, other = Taker(), Taker()
    await field.bench.consume(field.bench.queue(), taker)
    await field.bench.consume(field.bench.queue("other"), other)
    await field.send(1)
    await asyncio.gather(taker.have(1), other.have(1))
    before = field.proxy.accepted
    for number in (2, 3):
        await control(amqp_url, "queue_delete", field.bench.queue().queue)
        await until(lambda: consumed(field, 1), 10, "the queue has its consumer again")
        await field.send(number)
        await asyncio.gather(taker.have(number), other.have(number))
    assert taker.numbers == other.numbers == [1, 2, 3]
    assert field.proxy.accepted == before


async def test_a_consumer_that_the_broker_moves_to_a_new_queue_and_forgets_hears_again(
    field: Field, amqp_url: str
) -> None:
    """RabbitMQ attaches it by itself when there is a queue of that name again already, and gives it nothing."""
    taker, queue = Taker(), field.bench.queue()
    consumer = await field.bench.consume(queue, taker)
    arguments = declare.queue_arguments(queue)
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(queue.queue)
        made = await channel.declare_queue(queue.queue, durable=True, arguments=arguments)
        ((exchange, key),) = queue.keys
        await made.bind(str(exchange), key)
    await field.send(1)
    assert await taker.have(1, 8 * PATIENCE) == [1]
    assert consumer.attachments == 2


async def test_a_silent_consumer_is_attached_anew_unless_it_has_work_in_hand(field: Field) -> None:
    taker = Taker()
    taker.hold()
    at_work = await field.bench.consume(field.bench.queue(), taker)
    idle = await field.bench.consume(field.bench.queue("idle", "other"), Taker())
    await field.send(1)
    before = _kept(OneShotCallback)
    await until(lambda: idle.attachments == 3, 12 * PATIENCE, "the idle one is attached a third time")
    taker.release()
    assert await taker.have(1) == [1]
    assert at_work.attachments == 1
    assert _kept(RabbitSubscriber) == 2, "FastStream keeps what was attached before"
    assert _kept(OneShotCallback) <= before, "the connection keeps who watched its channels"


def _kept(kind: type[object]) -> int:
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


async def consumed(field: Field, consumers: int) -> bool:
    return (await field.direct.bus.depth(field.bench.queue().queue))[1] == consumers


async def test_an_exchange_that_was_deleted_is_made_again(field: Field, amqp_url: str) -> None:
    taker = Taker()
    await field.bench.consume(field.bench.queue(), taker)
    await control(amqp_url, "exchange_delete", Exchange.EVENTS.value)
    await until(lambda: published(field, 1), 10, "publishing works again")
    assert await taker.have(1) == [1]


async def test_a_queue_that_lost_its_bindings_gets_them_again(field: Field, amqp_url: str) -> None:
    taker, queue = Taker(), field.bench.queue()
    await field.bench.consume(queue, taker)
    ((exchange, key),) = queue.keys
    async with await aio_pika.connect(amqp_url) as connection:
        lost = await (await connection.channel()).get_queue(queue.queue)
        await lost.unbind(str(exchange), key)

    async def arrived() -> bool:
        await field.send(1)
        return bool(taker.numbers)

    await until(arrived, 5 * PATIENCE, "messages arrive again")


async def test_a_report_is_not_confirmed_while_its_queue_is_gone(field: Field, amqp_url: str) -> None:
    queue, report = topology.executor("execution.completed"), wire("execution.completed", 1)
    with pytest.raises(Unroutable):
        await field.direct.bus.publish([report])
    await field.direct.bus.declare(queue)
    await field.direct.bus.publish([report])
    await control(amqp_url, "queue_delete", queue.queue)
    with pytest.raises(Unroutable):
        await field.direct.bus.publish([report])
    await field.direct.bus.publish([report])
    await field.direct.ready(queue, 1)


async def test_a_queue_of_another_shape_stops_only_its_own_consumer(field: Field, amqp_url: str) -> None:
    good, bad = Taker(), Taker()
    await control(amqp_url, "declare_queue", field.bench.queue("bad").queue)
    with capture_logs() as lines:
        await field.bench.consume(field.bench.queue("bad"), bad)
        await field.bench.consume(field.bench.queue("good"), good)
        await field.bench.send(1)
        assert await good.have(1) == [1]
        await until(lambda: _told(lines, "cannot consume"), 10, "it is told that it cannot be consumed from")
    assert [list(line["queues"]) for line in _told(lines, "cannot consume")] == [[field.bench.queue("bad").queue]]
    await control(amqp_url, "queue_delete", field.bench.queue("bad").queue)
    await until(lambda: consumed_queue(field, "bad"), 10, "the consumer is there when the queue can be made")


def _told(lines: list[MutableMapping[str, Any]], event: str) -> list[MutableMapping[str, Any]]:
    return [line for line in lines if line["event"] == event]


async def test_a_connection_that_comes_and_goes_is_told_of_once(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "_SETTLED", 3_600.0)
    with capture_logs() as lines:
        for _ in range(4):
            before = field.proxy.accepted
            field.proxy.cut()
            await until(lambda before=before: field.proxy.accepted >= before + 2, 10, "new connections")
            await until(lambda: published(field, 1), 10, "publishing works again")
    warned = [line["link"] for line in _told(lines, "no connection to the broker") if line["log_level"] != "debug"]
    assert len(warned) == len(set(warned)) > 0


async def consumed_queue(field: Field, name: str) -> bool:
    return (await field.direct.bus.depth(field.bench.queue(name).queue))[1] == 1


async def test_a_virtual_host_that_was_deleted_and_made_again(fresh_amqp_url: str, rabbitmq_server: Broker) -> None:
    ways = rabbitmq_server.ways(urlsplit(fresh_amqp_url).path.lstrip("/"))
    if ways is None:
        pytest.skip("this broker offers no way to delete a virtual host")
    make, remove = ways
    bench = Bench(rabbitmq(fresh_amqp_url, PATIENCE))
    await bench.open()
    taker, private = Taker(), Taker()
    await bench.consume(bench.queue(), taker)
    await bench.consume(bench.queue("private", durable=False), private)
    await bench.bus.declare(bench.queue("declared"))
    await bench.send(1)
    await asyncio.gather(taker.have(1), private.have(1))
    await asyncio.to_thread(remove)
    await until(lambda: not bench.bus.healthy, 15, "the bus is not healthy")
    await asyncio.to_thread(make)
    await until(lambda: bench.bus.healthy, 15, "the bus is healthy again")
    await bench.send(2)
    await asyncio.gather(taker.have(2), private.have(2))
    await bench.ready(bench.queue("declared"), 1)
    await bench.close()


async def test_start_without_a_broker_returns_and_connects_later(amqp_url: str) -> None:
    async with proxy_to(amqp_url) as proxy:
        proxy.refuse()
        bench = Bench(rabbitmq(proxy.through(amqp_url)))
        bus = rabbitmq(proxy.through(amqp_url))()
        taker = Taker()
        await bus.start()
        assert not bus.healthy
        await bus.declare(bench.queue())
        await bus.consume(bench.queue(), taker)
        proxy.heal()
        await until(lambda: bus.healthy, 15, "the bus connects")
        await bus.publish([wire(bench.key("x"), 1)])
        assert await taker.have(1) == [1]
        await bus.stop()


async def test_consumers_that_come_and_go_leave_no_channels(amqp_url: str) -> None:
    bus = RabbitBus(amqp_url, "attune test")
    bench = Bench(lambda: bus)
    await bench.open()

    def channels() -> int:
        session = bus._consuming.current
        return len(session._wire.channels) if session else 0

    before = channels()
    for _ in range(5):
        consumer = await bench.consume(bench.queue(), Taker())
        await control(amqp_url, "queue_delete", bench.queue().queue)
        await until(lambda consumer=consumer: consumer.attachments == 2, 10, "attached again")
        await consumer.stop()
    await until(lambda: channels() == before, 5, "no more channels than before")
    await bench.close()


async def test_a_message_survives_as_persistent_with_its_content_type(field: Field, amqp_url: str) -> None:
    await field.bench.bus.declare(field.bench.queue())
    await field.bench.send(1)
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(field.bench.queue().queue, ensure=True)
        message: Any = await queue.get(timeout=5)
        await message.ack()
    assert message.content_type == "application/cloudevents-batch+json"
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT


async def control(url: str, what: str, *arguments: str) -> None:
    """One operation on the broker by a connection of its own."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await getattr(channel, what)(*arguments)


async def test_a_connection_that_gets_too_little_time_gets_more(amqp_url: str) -> None:
    """A host that is far too busy needs longer for the same steps, however often they are begun anew."""
    tries = 0

    async def prepare(_session: Session) -> None:
        nonlocal tries
        tries += 1
        async with bounded("prepare", 0.2):
            await asyncio.sleep(0.35)

    async def check(_session: Session) -> None:
        return

    slow = link.Link(amqp_url, "slow", prepare, check, 1.0)
    slow.start()
    try:
        await until(lambda: slow.current is not None, 20)
    finally:
        await slow.stop()
    assert tries > 1
