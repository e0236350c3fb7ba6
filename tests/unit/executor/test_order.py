"""Batches about one run come one after the other, others side by side."""

from __future__ import annotations

import asyncio

from attune_executor.order import Order


async def test_who_shares_a_run_waits_and_others_do_not() -> None:
    order, seen = Order(), list[str]()
    ends = {name: asyncio.Event() for name in "abc"}

    async def batch(name: str, *runs: int) -> None:
        async with order.of(runs):
            seen.append(name)
            await ends[name].wait()

    tasks = [asyncio.create_task(batch(*each)) for each in (("a", 1, 2), ("b", 2, 3), ("c", 4))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert seen == ["a", "c"]
    ends["a"].set()
    await tasks[0]
    ends["b"].set()
    await tasks[1]
    assert seen == ["a", "c", "b"]
    ends["c"].set()
    await asyncio.gather(*tasks)
    assert order._held == {}


async def test_who_fails_lets_the_next_go_on() -> None:
    order = Order()
    for _ in range(2):
        try:
            async with order.of({1}):
                raise RuntimeError("cannot be stored")
        except RuntimeError:
            pass
    assert order._held == {}
