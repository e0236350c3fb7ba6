"""A failed attempt is followed by another because a policy of its action says so; the engine does not count it."""

from __future__ import annotations

from attune_common.store import turns as stored
from attune_common.store.executions import Execution
from attune_core.model.outcome import Outcome
from attune_executor import dispatch, turns
from attune_executor.batch import Batch
from attune_executor.perform import keep_attempt
from attune_executor.policies import pause
from attune_executor.prepare import load_parameters


async def prepare(batch: Batch, rows: list[Execution]) -> dict[tuple[int, int], int]:
    """What `again` needs; the retries so far by (execution, tries of its run)."""
    await dispatch.resolve(batch, {dispatch.pinned(row) for row in rows})
    await load_parameters(batch, rows)
    return await stored.retries(batch.unit, [row.id for row in rows])


def again(batch: Batch, row: Execution, outcome: Outcome, used: int) -> Outcome | None:
    """Put it in line for its next attempt; the outcome that it ends with when there is none."""
    policy = batch.context.policies.tries_again(row, outcome)
    if policy is None:
        return outcome
    seconds = pause(policy.limits.retry, row, outcome, used)
    action = dispatch.action_of(batch, row)
    if seconds is None or isinstance(action, Outcome):
        return outcome
    _keep(batch, row, outcome)
    return turns.line_up(batch, row, action, turns.until_next_try(row.id, policy.id, seconds))


def _keep(batch: Batch, row: Execution, outcome: Outcome) -> None:
    batch.outcomes[row.id] = outcome
    keep_attempt(batch, row)
    del batch.outcomes[row.id]
    row.attempt, row.attempts_before = row.attempt + 1, row.attempts_before + 1
    row.result, row.error, row.completed_at = None, None, None
    batch.retried.append((row.id, row.tries))
