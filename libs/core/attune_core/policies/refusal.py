"""What an execution is told that found no room and may not wait."""

from __future__ import annotations

from attune_core.model.outcome import Outcome
from attune_core.policies.admission import Kind
from attune_core.policies.spec import Concurrency, RateLimit

NOT_RETRIED = frozenset({"policy_refused", "policy_error", "input_error", "action_not_found", "action_disabled"})
"""Failures that another attempt would only repeat."""


def refused(policy: str, limit: Concurrency | RateLimit, bucket: str) -> Outcome:
    """`error`: type, message, policy, limit, and the key of the group when there are groups."""
    kind = Kind.CONCURRENCY if isinstance(limit, Concurrency) else Kind.RATE
    message = f"the policy {policy} lets {describe(limit)}{f' for {bucket!r}' if limit.group_by else ''}"
    hint = "start it later, or write `on_limit: queue` in the policy"
    group = {"group": bucket} if limit.group_by else {}
    return Outcome.failed("policy_refused", message, hint=hint, policy=policy, limit=kind.value, **group)


def describe(limit: Concurrency | RateLimit) -> str:
    """`3 run at once`, `10 start in a minute`."""
    if isinstance(limit, Concurrency):
        return f"{limit.limit} run at once"
    return f"{limit.limit} start in {'an' if limit.per.value == 'hour' else 'a'} {limit.per.value}"
