"""Replays the journal of a run of this test's world."""

from __future__ import annotations

from tests.integration.executor.world import World
from tests.support import replay


async def differences(world: World, run: int) -> list[str]:
    """What the journal gives other than the rows say: empty when all is well."""
    async with world.store.connection() as connection:
        return replay.replay(await replay.load(connection, run))
