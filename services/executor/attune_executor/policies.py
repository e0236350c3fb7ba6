"""What a process knows of policies between its batches: whom to watch, who is tried again, where there is news."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from attune_common.store import turns
from attune_common.store.connection import Connection
from attune_common.store.executions import Execution
from attune_common.store.turns import Bucket, Place, Policy
from attune_core.expressions.render import ExpressionError
from attune_core.expressions.scope import Scope
from attune_core.model.outcome import Outcome
from attune_core.model.status import ExecutionStatus, OutcomeStatus
from attune_core.policies.admission import next_try
from attune_core.policies.grouping import retried_error
from attune_core.policies.refusal import NOT_RETRIED
from attune_core.policies.spec import RetryLimit

_BAD = (OutcomeStatus.FAILED, OutcomeStatus.TIMED_OUT)


@dataclass(slots=True)
class PolicyBook:
    """Renewed by every sweep. `limited`: actions of which not any number may run at once.

    `ended` and `lined_up` collect what has happened since the admission looked; `news` wakes it.
    """

    limited: set[str] = field(default_factory=set)
    retry: dict[str, Policy] = field(default_factory=dict)
    known: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: set[int] = field(default_factory=set)
    lined_up: set[Bucket] = field(default_factory=set)

    async def learn(self, connection: Connection) -> None:
        """Before the first sweep: nothing is decided without having looked."""
        if not self.known:
            await self.renew(connection)

    async def renew(self, connection: Connection) -> None:
        policies = await turns.book(connection)
        self.limited = {policy.action_ref for policy in policies if policy.limits.concurrency is not None}
        self.retry = {policy.action_ref: policy for policy in reversed(policies) if policy.limits.retry is not None}
        self.known = True

    def notice(self, rows: Iterable[Execution], places: Iterable[Place]) -> None:
        """After a commit: who has stopped running, and who waits now. Costs nothing where there are no policies."""
        if self.limited:
            self.ended |= {row.id for row in rows if row.action_ref in self.limited and not _under_way(row)}
        self.lined_up |= {(place.policy, place.kind, place.bucket) for place in places if place.state == "waiting"}
        if self.ended or self.lined_up:
            self.news.set()

    def collected(self) -> tuple[set[int], set[Bucket]]:
        """What has happened since the last time."""
        self.news.clear()
        ended, self.ended = self.ended, set()
        lined_up, self.lined_up = self.lined_up, set()
        return ended, lined_up

    def tries_again(self, row: Execution, outcome: Outcome) -> Policy | None:
        """The policy that may let it try again. A task's own retries come before those of a policy."""
        if outcome.status not in _BAD or row.is_workflow or row.max_retries or row.action_ref not in self.retry:
            return None
        return None if _type(outcome) in NOT_RETRIED else self.retry[row.action_ref]


def pause(retry: RetryLimit | None, row: Execution, outcome: Outcome, used: int) -> float | None:
    """Seconds until the next attempt; None when this failure is the last word."""
    if retry is None or not _wanted(retry, outcome):
        return None
    return next_try(retry, used, row.id)


def _wanted(retry: RetryLimit, outcome: Outcome) -> bool:
    """A condition that cannot be answered asks for no retry: nothing runs twice by mistake."""
    if retry.on_error is None or isinstance(retry.on_error, bool):
        return retry.on_error is not False
    try:
        return retried_error(retry.on_error).test(Scope(error=outcome.error, result=outcome.result))
    except ExpressionError:
        return False


def _type(outcome: Outcome) -> str:
    return str((outcome.error or {}).get("type", ""))


def _under_way(row: Execution) -> bool:
    return not row.status.is_final and (row.status is not ExecutionStatus.WAITING or row.token is not None)
