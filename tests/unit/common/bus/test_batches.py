"""How a line of deliveries becomes batches: at once where each comes alone, a moment later where several come."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tests.support.waiting import until

from attune_common.bus.batches import Batches
from attune_common.bus.bus import Delivery, Subscription
from attune_common.contracts.envelope import pack
from attune_common.contracts.event import EventCreated

_BODY = pack([(EventCreated(event_id=1, trigger_ref="test.made"), "")], "attune/test")[0].body


class _Receipt:
    """A delivery that nobody sent."""

    routing_key, redelivered, attempt, position, lost = "event.created", False, 1, 0, False
    body = _BODY
    headers: Mapping[str, str] = {}

    async def ack(self) -> None: ...
    async def requeue(self) -> None: ...
    async def bury(self, reason: str) -> None: ...


async def _sizes(first: int, linger: float) -> list[int]:
    """Of the batches, when `first` deliveries come at once, then one, and another shortly after it."""
    sizes: list[int] = []

    async def handle(batch: list[Delivery]) -> None:
        sizes.append(len(batch))
        await asyncio.sleep(0.2 if len(sizes) == 1 else 0)

    line = Batches(Subscription("q", (), linger=linger), handle)
    for _ in range(first):
        line.put(_Receipt())
    await until(lambda: len(sizes) == 1, 5, "the first batch")
    await until(lambda: line.size == first, 5, "the end of the first batch")
    line.put(_Receipt())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    line.put(_Receipt())
    await until(lambda: sum(sizes) == first + 2, 5, "all")
    await line.stop()
    return sizes


async def test_where_several_come_at_once_more_are_waited_for() -> None:
    assert await _sizes(3, linger=0.1) == [3, 2]


async def test_what_comes_alone_is_handled_at_once() -> None:
    assert await _sizes(1, linger=0.1) == [1, 1, 1]


async def test_a_line_that_does_not_linger_takes_what_has_come() -> None:
    assert await _sizes(3, linger=0.0) == [3, 1, 1]


async def test_large_messages_are_not_taken_many_at_once() -> None:
    sizes: list[int] = []

    async def handle(batch: list[Delivery]) -> None:
        sizes.append(len(batch))

    line = Batches(Subscription("q", (), max_bytes=3 * len(_BODY)), handle)
    for _ in range(8):
        line.put(_Receipt())
    await until(lambda: sum(sizes) == 8, 5, "all")
    await line.stop()
    assert sizes == [3, 3, 2]


async def test_one_that_is_larger_than_a_batch_may_be_comes_alone() -> None:
    sizes: list[int] = []

    async def handle(batch: list[Delivery]) -> None:
        sizes.append(len(batch))

    line = Batches(Subscription("q", (), max_bytes=1), handle)
    for _ in range(3):
        line.put(_Receipt())
    await until(lambda: sum(sizes) == 3, 5, "all")
    await line.stop()
    assert sizes == [1, 1, 1]
