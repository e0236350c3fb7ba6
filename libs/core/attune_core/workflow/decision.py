"""The answer to a signal: the new state and what to do. Frozen, so that the shell can store or drop it whole."""

from __future__ import annotations

from attune_core.model.record import record
from attune_core.workflow.commands import Command
from attune_core.workflow.state import RunState


@record
class Decision:
    """`accepted` is False for a signal that changes nothing (late, repeated): nothing is journalled."""

    state: RunState
    commands: tuple[Command, ...] = ()
    accepted: bool = True
