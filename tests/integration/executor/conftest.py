"""A world per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.executor.world import World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Open, with one pack; nothing runs yet."""
    world = World(database_url, dispatch_lost_seconds=0.5, cancel_lost_seconds=0.5, lease_seconds=1.0)
    await world.open()
    try:
        yield world
    finally:
        await world.close()
