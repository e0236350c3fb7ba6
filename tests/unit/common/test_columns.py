"""Rows are read by position: the statements name their columns in the order of the class's fields."""

from __future__ import annotations

from dataclasses import fields

import pytest

from attune_common.store import queries
from attune_common.store.executions import Execution

_NOT_LOCKED = ("parameters", "result", "error")


@pytest.mark.parametrize("name", ["lock", "lock_keys", "lock_live", "lock_workflows"])
def test_locked_executions_have_the_columns_of_the_class(name: str) -> None:
    selected = getattr(queries.load("executions"), name).removeprefix("SELECT").partition("FROM")[0]
    wanted = [field.name for field in fields(Execution) if field.name not in _NOT_LOCKED]
    assert [column.strip() for column in selected.split(",")] == wanted
