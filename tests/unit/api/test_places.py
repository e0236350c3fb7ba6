"""Bodies that come slowly: they hold no place of those who are served, and the slowest goes for a new one."""

from __future__ import annotations

import asyncio

import pytest

from attune_api.places import Arrivals, Place, Places
from tests.support.waiting import until


async def test_a_place_is_free_while_the_body_is_coming() -> None:
    places, scope = Places(), {"type": "http"}
    place = Place(places, scope)
    assert places.taken == 1
    async with Arrivals(2).within(5, scope):
        assert places.taken == 0
    assert places.taken == 1
    place.leave()
    place.leave()
    assert places.taken == 0


async def test_the_one_that_takes_the_longest_is_given_up_for_one_more() -> None:
    arrivals, given_up = Arrivals(2), list[str]()

    async def slow(name: str) -> None:
        try:
            async with arrivals.within(30, {}):
                await asyncio.Event().wait()
        except TimeoutError:
            given_up.append(name)

    tasks = [asyncio.create_task(slow(name)) for name in ("first", "second")]
    await asyncio.sleep(0)
    async with arrivals.within(30, {}):
        await until(lambda: given_up == ["first"])
        async with arrivals.within(30, {}):
            await until(lambda: given_up == ["first", "second"])
    await asyncio.gather(*tasks)


async def test_the_time_of_each_has_an_end_of_its_own() -> None:
    with pytest.raises(TimeoutError):
        async with Arrivals(2).within(0.01, {}):
            await asyncio.Event().wait()
