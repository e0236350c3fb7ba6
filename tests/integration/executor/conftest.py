"""A world per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.executor.world import World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Open, with one pack; nothing runs yet."""
    quick = {"dispatch_lost_seconds": 0.5, "cancel_lost_seconds": 0.5, "lease_seconds": 1.0, "heartbeat_seconds": 0.3}
    world = World(database_url, **quick)
    await world.open()
    try:
        yield world
    finally:
        await world.close()
