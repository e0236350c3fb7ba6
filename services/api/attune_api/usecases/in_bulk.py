"""The same for many, chosen by a filter: bounded, one after the other, with a report of each that was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from attune_api.errors import ApiError
from attune_common.store.store import Store
from attune_common.store.unit import Unit

_IN_ONE_UNIT = 20
_AT_ONCE = 4

Work = Callable[[Unit, int], Awaitable[None]]


@dataclass(slots=True)
class Report:
    """`refused`: id and why."""

    done: list[int] = field(default_factory=list)
    refused: list[tuple[int, ApiError]] = field(default_factory=list)


async def for_each(store: Store, ids: Sequence[int], work: Work) -> Report:
    """Do `work` for each. What is refused keeps nothing from the others. Errors: those of the database."""
    report = Report()
    portions = [ids[start : start + _IN_ONE_UNIT] for start in range(0, len(ids), _IN_ONE_UNIT)]
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(portion: Sequence[int]) -> None:
        async with gate:
            await _portion(store, portion, work, report)

    await asyncio.gather(*map(one, portions))
    report.done.sort(reverse=True)
    return report


async def _portion(store: Store, portion: Sequence[int], work: Work, report: Report) -> None:
    """All in one transaction, in the order in which everybody locks; a refusal does not undo the others."""

    async def all_of_them(unit: Unit) -> Report:
        found = Report()
        for id in sorted(portion):
            try:
                await work(unit, id)
            except ApiError as refused:
                found.refused.append((id, refused))
            else:
                found.done.append(id)
        return found

    found = await store.retrying(all_of_them)
    report.done += found.done
    report.refused += found.refused
