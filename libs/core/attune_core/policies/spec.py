"""What a policy says, and its form in the database and in messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from attune_core.model.policy import Backoff


class OnLimit(StrEnum):
    """What happens to an execution for which there is no room."""

    QUEUE = "queue"
    REFUSE = "refuse"


class Per(StrEnum):
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"

    @property
    def seconds(self) -> int:
        return {Per.SECOND: 1, Per.MINUTE: 60, Per.HOUR: 3600}[self]


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` run at once, of all or of those with the same `group_by`."""

    limit: int
    group_by: str | None = None
    on_limit: OnLimit = OnLimit.QUEUE


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `limit` start within any second, minute or hour."""

    limit: int
    per: Per
    group_by: str | None = None
    on_limit: OnLimit = OnLimit.QUEUE


@dataclass(frozen=True, slots=True)
class RetryLimit:
    """`count` further attempts; `delay` and `max_delay` in seconds; `on_error`: a condition over `error`."""

    count: int
    delay: float = 0.0
    backoff: Backoff = Backoff.CONSTANT
    max_delay: float | None = None
    jitter: float = 0.0
    on_error: str | bool | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The three things that a policy may say."""

    concurrency: Concurrency | None = None
    rate_limit: RateLimit | None = None
    retry: RetryLimit | None = None


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """A policy of a pack: `limits` of the action `action_ref`."""

    ref: str
    label: str
    action_ref: str
    limits: Limits = field(default_factory=Limits)
    description: str = ""
    enabled: bool = True


def to_json(limits: Limits) -> dict[str, Any]:
    """Without what was not said."""
    parts = {"concurrency": limits.concurrency, "rate_limit": limits.rate_limit, "retry": limits.retry}
    return {name: _plain(part) for name, part in parts.items() if part is not None}


def _plain(part: Concurrency | RateLimit | RetryLimit) -> dict[str, Any]:
    named = ((name, getattr(part, name)) for name in part.__slots__)
    return {name: str(value) if isinstance(value, StrEnum) else value for name, value in named if value is not None}


def from_json(stored: Mapping[str, Any]) -> Limits:
    """What `to_json` has made."""
    concurrency, rate, retry = (stored.get(name) for name in ("concurrency", "rate_limit", "retry"))
    return Limits(
        None if concurrency is None else Concurrency(**_typed(concurrency)),
        None if rate is None else RateLimit(**_typed(rate)),
        None if retry is None else RetryLimit(**_typed(retry)),
    )


_TYPES: Mapping[str, type[StrEnum]] = {"on_limit": OnLimit, "per": Per, "backoff": Backoff}


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _TYPES[name](value) if name in _TYPES else value for name, value in values.items()}
