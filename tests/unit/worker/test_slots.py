"""Places are counted, and who waits is served in order."""

from __future__ import annotations

import asyncio

from attune_worker.slots import SlotKind, Slots

P, L = SlotKind.PROCESS, SlotKind.LIGHT


def test_places_end_and_come_back() -> None:
    slots = Slots(1, 2)
    assert [slots.take(P), slots.take(P), slots.take(L), slots.take(L), slots.take(L)] == [
        True,
        False,
        True,
        True,
        False,
    ]
    slots.release(P)
    assert slots.take(P)


async def test_who_waits_first_is_served_first_and_nobody_overtakes() -> None:
    slots = Slots(1, 0)
    assert slots.take(P)
    order: list[int] = []

    async def wait(number: int) -> None:
        assert await slots.wait(P, 5)
        order.append(number)

    waiting = [asyncio.create_task(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    for _ in range(3):
        slots.release(P)
        assert not slots.take(P)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2]


async def test_who_gives_up_leaves_the_line() -> None:
    slots = Slots(1, 0)
    assert slots.take(P)
    assert not await slots.wait(P, 0.01)
    slots.release(P)
    assert slots.free(P) == 1
    assert slots.take(P)


async def test_a_cancelled_waiter_takes_nothing_with_it() -> None:
    slots = Slots(1, 0)
    assert slots.take(P)
    waiter = asyncio.create_task(slots.wait(P, 5))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    slots.release(P)
    assert slots.free(P) == 1
