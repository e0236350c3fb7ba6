"""A status without a sweep that ends it may not exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.executor.world import World

import attune_executor
from attune_core.model.status import ExecutionStatus
from attune_executor.recover import RESCUERS

_NEVER_STORED = {
    ExecutionStatus.RESUMING,
    ExecutionStatus.ROLLING_BACK,
    ExecutionStatus.PENDING,
}


async def test_every_status_has_a_sweep_and_every_sweep_exists(world: World) -> None:
    executor = await world.add_executor()
    for status in ExecutionStatus:
        assert status.is_final or status in _NEVER_STORED or RESCUERS[status], status
    named = {name for names in RESCUERS.values() for name in names}
    assert named <= executor.recover.names


def test_what_is_said_never_to_be_stored_is_not() -> None:
    folder = Path(attune_executor.__file__).parent
    text = "".join(file.read_text() for file in folder.glob("*.py"))
    for status in _NEVER_STORED:
        assert not re.search(rf"ExecutionStatus\.{status.name}\b", text), status
