"""Who passes at which limit, in one transaction that holds the policies: read, and decided by the core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from attune_common.contracts.execution import ExecutionCompleted
from attune_common.store import turns
from attune_common.store.turns import Bucket, Policy, Waiting
from attune_common.store.unit import Unit
from attune_core.policies.admission import Kind, Room, Use, asked_for, divide, limit_of, room
from attune_core.policies.refusal import refused
from attune_core.policies.spec import Concurrency, RateLimit
from attune_executor.reports import refused_report

Limit = Concurrency | RateLimit | None


@dataclass(slots=True)
class Passing:
    """`passed`: in the order of their turn. `again`: where to look once more, `skipped`: where a row was in other
    hands. `reports`: of those that are refused. `pauses`: seconds until there may be room again."""

    passed: list[Waiting] = field(default_factory=list)
    reports: list[ExecutionCompleted] = field(default_factory=list)
    again: set[Bucket] = field(default_factory=set)
    skipped: set[Bucket] = field(default_factory=set)
    pauses: list[float | None] = field(default_factory=list)
    started: int = 0


async def decide(unit: Unit, buckets: Iterable[Bucket]) -> Passing:
    """The policies stay locked until the transaction ends."""
    policies = await turns.lock_policies(unit, {policy for policy, _, _ in buckets})
    limits = {bucket: _limit(policies, bucket) for bucket in buckets}
    rooms = await _rooms(unit, limits)
    asked = [(bucket, most) for bucket, found in rooms.items() if (most := asked_for(found))]
    lines = _by_bucket(await turns.waiting(unit, asked) if asked else [])
    passing = Passing()
    for bucket, found in rooms.items():
        _divide(passing, found, lines.get(bucket, {}), limits[bucket], policies.get(bucket[0]))
        _look_again(passing, bucket, found, lines.get(bucket, {}))
    if any(kind == Kind.RETRY for _, kind, _ in buckets):
        passing.pauses.append(await turns.next_try(unit))
    return passing


def uses(passed: Iterable[Waiting]) -> list[tuple[int, str, int]]:
    """What is counted of rate limits."""
    counts: dict[tuple[int, str], int] = {}
    for policy, kind, key in (each.bucket for each in passed):
        if kind == Kind.RATE:
            counts[(policy, key)] = counts.get((policy, key), 0) + 1
    return [(policy, key, count) for (policy, key), count in counts.items()]


def _limit(policies: Mapping[int, Policy], bucket: Bucket) -> Limit:
    policy = policies.get(bucket[0])
    return limit_of(None if policy is None else policy.limits, Kind(bucket[1]))


async def _rooms(unit: Unit, limits: Mapping[Bucket, Limit]) -> dict[Bucket, Room]:
    counted = [(bucket, _seconds(limit)) for bucket, limit in limits.items() if limit is not None]
    used = await turns.use(unit, counted) if counted else {}
    return {bucket: room(limit, used.get(bucket, Use())) for bucket, limit in limits.items()}


def _seconds(limit: Limit) -> float:
    return float(limit.per.seconds) if isinstance(limit, RateLimit) else 0.0


def _by_bucket(waiting: Iterable[Waiting]) -> dict[Bucket, dict[int, Waiting]]:
    lines: dict[Bucket, dict[int, Waiting]] = {}
    for each in waiting:
        lines.setdefault(each.bucket, {})[each.execution] = each
    return lines


def _divide(passing: Passing, found: Room, line: Mapping[int, Waiting], limit: Limit, policy: Policy | None) -> None:
    going, not_going = divide(found, list(line))
    passing.passed += [line[execution] for execution in going]
    if limit is not None and policy is not None:
        passing.reports += [
            refused_report(line[execution], refused(policy.ref, limit, line[execution].bucket[2]))
            for execution in not_going
        ]


def _look_again(passing: Passing, bucket: Bucket, found: Room, line: Mapping[int, Waiting]) -> None:
    """There may be more than were looked at; a full limit has room again when its time has come."""
    if len(line) >= found.places:
        passing.pauses.append(found.free_in)
    if line and len(line) == asked_for(found) != found.places:
        passing.again.add(bucket)
