"""A world per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.sensor.world import World


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The API serves; no pack is registered but core, no service runs."""
    world = World(database_url, tmp_path)
    await world.start()
    try:
        yield world
    finally:
        await world.close()
