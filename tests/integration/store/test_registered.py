"""The number that tells whether what is registered is as it was."""

from __future__ import annotations

import pytest

from attune_common.store.internal_events import moment
from attune_common.store.store import Store

_POLICY = "INSERT INTO attune.policy (ref, label, action_ref, limits) VALUES ('p', 'P', 'core.noop', '{}')"


async def number(store: Store) -> int | None:
    async with store.unit() as unit:
        return (await moment(unit)).registered


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE attune.policy SET enabled = false",
        "DELETE FROM attune.policy",
        "UPDATE attune.policy SET label = 'other'",
    ],
)
async def test_every_change_counts_once_it_is_committed(store: Store, change: str) -> None:
    begun = await number(store)
    async with store.unit() as unit:
        await unit.execute(_POLICY)
        assert await number(store) == begun
    made = await number(store)
    async with store.connection() as connection:
        await connection.execute(change)
    assert begun is not None
    assert made == begun + 1
    assert await number(store) == begun + 2


async def test_those_who_register_at_the_same_time_do_not_wait_for_one_another(store: Store) -> None:
    async with store.unit() as one:
        await one.execute(_POLICY)
        async with store.unit() as two:
            await two.execute(_POLICY.replace("'p'", "'q'"))
    assert await number(store) == 3
