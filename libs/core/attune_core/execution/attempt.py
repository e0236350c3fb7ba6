"""What the rulings look at: the row of an execution with its current attempt."""

from __future__ import annotations

from typing import Protocol

from attune_core.model.status import ExecutionStatus


class Attempt(Protocol):
    """`token` names the current attempt: None while none is under way.

    `losses` counts the attempts that a worker lost, `max_retries` the retries of its policy, `is_workflow` tells
    that a child run carries it out. `claim` is the token and the name under which a worker was let begin an attempt
    that must not run twice; it may be that of an earlier one.
    """

    @property
    def status(self) -> ExecutionStatus: ...
    @property
    def token(self) -> str | None: ...
    @property
    def claim(self) -> str | None: ...
    @property
    def cancel_requested(self) -> bool: ...
    @property
    def is_workflow(self) -> bool: ...
    @property
    def losses(self) -> int: ...
    @property
    def max_retries(self) -> int: ...
