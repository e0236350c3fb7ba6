"""Who of those that wait may start: decided for each limit from what it has and who asks, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from attune_core.model.policy import retry_delay, spread
from attune_core.policies.spec import Concurrency, Limits, OnLimit, RateLimit, RetryLimit

UNLIMITED: Final = 1_000_000
"""Room where a limit was taken away: its policy is gone, disabled or says something else now."""
MOST_AT_ONCE: Final = 500


class Kind(StrEnum):
    """What is waited for at a limit. `RETRY`: the time of the next attempt."""

    RETRY = "retry"
    CONCURRENCY = "concurrency"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Step:
    """A limit on the way of an execution: `policy` is an id, `group_by` a template."""

    policy: int
    kind: Kind
    group_by: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What a limit has given away: `taken` now (concurrency) or in the last second, minute, hour (rate).

    `free_in`: seconds until the oldest of them counts no more; None when nothing is known to end.
    """

    taken: int = 0
    free_in: float | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How many may pass, and what happens to the others. `free_in`: seconds until there may be more room."""

    places: int
    on_limit: OnLimit = OnLimit.QUEUE
    free_in: float | None = None


def steps(policies: Mapping[int, Limits]) -> list[Step]:
    """The limits in the order in which an execution passes them: one after the other, holding those before.

    Narrow ones come first, so that nobody holds a place that many want while waiting for one that few want; rates
    come last, because what they have given away cannot be given back. The order is the same for all: no deadlock.
    """
    found = [step for policy, limits in policies.items() for step in _steps(policy, limits)]
    return sorted(found, key=lambda step: (step.kind is Kind.RATE, step.group_by is None, step.policy))


def _steps(policy: int, limits: Limits) -> Iterator[Step]:
    if limits.concurrency is not None:
        yield Step(policy, Kind.CONCURRENCY, limits.concurrency.group_by)
    if limits.rate_limit is not None:
        yield Step(policy, Kind.RATE, limits.rate_limit.group_by)


def limit_of(limits: Limits | None, kind: Kind) -> Concurrency | RateLimit | None:
    """What the policy says now; None when it says nothing of the kind (any more)."""
    if limits is None or kind is Kind.RETRY:
        return None
    return limits.concurrency if kind is Kind.CONCURRENCY else limits.rate_limit


def room(limit: Concurrency | RateLimit | None, use: Use) -> Room:
    if limit is None:
        return Room(UNLIMITED)
    left = max(0, limit.limit - use.taken)
    window = float(limit.per.seconds) if isinstance(limit, RateLimit) else None
    return Room(left, limit.on_limit, window if use.free_in is None else use.free_in)


def asked_for(found: Room) -> int:
    """How many of those who wait have to be looked at; the refused are told at once."""
    most = found.places + MOST_AT_ONCE if found.on_limit is OnLimit.REFUSE else found.places
    return min(most, MOST_AT_ONCE)


def divide(found: Room, waiting: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """(those that pass, those that are refused); the rest waits. `waiting`: in the order of their turn."""
    passed, left = waiting[: found.places], waiting[found.places :]
    return passed, left if found.on_limit is OnLimit.REFUSE else ()


def soonest(pauses: Iterable[float | None]) -> float | None:
    """The shortest time after which a limit may have room again."""
    return min((seconds for seconds in pauses if seconds is not None), default=None)


def next_try(retry: RetryLimit, used: int, seed: int) -> float | None:
    """Seconds until the next attempt; None when there is none any more. `used`: retries so far."""
    if used >= retry.count:
        return None
    seconds = retry_delay(retry.backoff, retry.delay, used + 1, retry.max_delay)
    return spread(seconds, retry.jitter, "policy", seed, used)
