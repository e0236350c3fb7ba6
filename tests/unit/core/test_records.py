"""Records with some fields changed: what the standard library makes of them, only faster."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from attune_core.model.outcome import Outcome
from attune_core.model.record import replace
from attune_core.workflow.signals import TaskKey
from attune_core.workflow.state import Activation, ItemCounts, Phase, TaskState

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (ItemCounts(3), {"live": 2, "first_error": {"type": "x"}}),
        (Activation(1, Phase.RUNNING, 2, _NOW, ItemCounts(3)), {"phase": Phase.WAITING, "items": None}),
        (TaskState(), {"queued": 2, "fired": ("a", "b")}),
        (Outcome.succeeded({"n": 1}), {"result": None, "completed_at": _NOW}),
        (TaskKey("a", 1, 2), {"index": None}),
    ],
)
def test_it_is_what_the_standard_library_makes(value: Any, changes: dict[str, Any]) -> None:
    before = repr(value)
    changed = replace(value, **changes)
    assert changed == dataclasses.replace(value, **changes)
    assert type(changed) is type(value)
    assert repr(value) == before


def test_a_field_that_there_is_not() -> None:
    with pytest.raises(AttributeError):
        replace(ItemCounts(3), alive=2)  # type: ignore[call-arg]
