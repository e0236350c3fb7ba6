"""What travels with the code is found; what does not is named."""

from __future__ import annotations

import pytest

from attune_common.runtime import resources
from attune_common.runtime.clock import Deadline


def test_the_migrations_are_found() -> None:
    assert (resources.path("migrations") / "0001_spine.sql").exists()


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no/such"):
        resources.path("no/such")


def test_deadlines() -> None:
    assert not Deadline(None).over
    assert Deadline(0).over
    assert 0 < Deadline(60).left <= 60
