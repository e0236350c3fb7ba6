"""The table of commands is whole: the type checker does not see what is missing from it."""

from __future__ import annotations

from typing import get_args

from attune_core.workflow.commands import Command
from attune_executor.perform import WAYS


def test_every_command_has_a_way_to_be_performed() -> None:
    assert set(WAYS) == set(get_args(Command))
