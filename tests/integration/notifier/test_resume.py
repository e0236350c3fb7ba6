"""Over RabbitMQ: a client that comes back misses nothing, whichever notifier it finds; and how long news takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.notifier.test_stream import House, open_house, status
from tests.support.waiting import until

from attune_common.bus.rabbitmq.bus import RabbitBus


@pytest.fixture
async def bus(fresh_amqp_url: str) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(fresh_amqp_url, "attune test")
    await bus.start()
    await until(lambda: bus.healthy, 20)
    try:
        yield bus
    finally:
        await bus.stop()


def numbers(events: list[tuple[str, Any, str]]) -> list[int]:
    return [data["execution_id"] for _, data, _ in events]


async def publish(house: House, first: int, last: int) -> None:
    for start in range(first, last, 40):
        await house.publish(*(status(number) for number in range(start, min(start + 40, last))))


async def test_no_gap_over_a_lost_client_and_a_notifier_that_was_replaced(bus: RabbitBus) -> None:
    async with open_house(bus=bus) as house, house.stream() as stream:
        await publish(house, 1, 101)
        await until(lambda: len(stream.events) == 100)
        half = stream.events[49][2]
        heard = numbers(stream.events[:50])
    publisher = House(bus, None, 10.0)  # type: ignore[arg-type]
    await publish(publisher, 101, 1501)
    async with open_house(bus=bus) as house, house.stream(**{"Last-Event-ID": half}) as again:
        await publish(house, 1501, 1601)
        await until(lambda: len(again.events) >= 1550, 20)
        heard += numbers(again.events)
    assert heard == list(range(1, 1601))


async def test_an_idle_notifier_shows_what_comes_after_the_replay_once(bus: RabbitBus) -> None:
    async with open_house(bus=bus) as house:
        async with house.stream() as stream:
            await publish(house, 1, 4)
            await until(lambda: len(stream.events) == 3)
        async with house.stream(**{"Last-Event-ID": stream.events[-1][2]}) as again:
            for number in range(4, 40):
                await publish(house, number, number + 1)
            await until(lambda: len(again.events) >= 36)
            assert numbers(again.events) == list(range(4, 40))


async def test_news_are_there_in_a_moment(bus: RabbitBus) -> None:
    """The figure is for people; that it is below a second here says only that nothing waits for a timer."""
    async with open_house(bus=bus) as house, house.stream() as stream:
        waits = []
        for number in range(1, 101):
            begun = time.perf_counter()
            await publish(house, number, number + 1)
            while len(stream.events) < number:  # noqa: ASYNC110 - what is measured is shorter than any pause
                await asyncio.sleep(0)
            waits.append(time.perf_counter() - begun)
        waits.sort()
        print(f"publish to client: p50 {waits[50] * 1000:.1f} ms, p99 {waits[98] * 1000:.1f} ms")
        assert waits[50] < 1
