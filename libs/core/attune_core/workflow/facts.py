"""What a decision may know of the world. Fetched by the shell, never by the core."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from attune_core.model.record import record
from attune_core.model.status import OutcomeStatus


@record
class FailedItems:
    """The items of a pass that did not succeed, with their outcomes: all of those from `first` to below `until`.

    `indices` is in order, `statuses` beside it.
    """

    first: int
    until: int
    indices: tuple[int, ...] = ()
    statuses: tuple[OutcomeStatus, ...] = ()

    def next(self, start: int) -> tuple[int, OutcomeStatus] | None:
        """The first of them from `start` on."""
        place = bisect_left(self.indices, start)
        return (self.indices[place], self.statuses[place]) if place < len(self.indices) else None

    def known(self, start: int, count: int) -> tuple[int, ...]:
        """Up to `count` indices from `start` on."""
        place = bisect_left(self.indices, start)
        return self.indices[place : place + count]


@record
class Facts:
    """`now`: the decision's time (PostgreSQL's clock, UTC).

    `results`: per pass, as (task, iteration), the result of its execution, null when it has none; of an iteration that
    has ended it may be the list of its items' results. `item_details`:
    per pass of an iterating task `{index: {status, result, error}}` of the items that have ended. A pass that is
    absent was not fetched; what this decision itself ends, the engine knows.
    `items`: per (task, iteration), the fetched part of the list by index. `failed_items`: per pass, the fetched part
    of what is to be run again.
    `kv`: fetched datastore keys; a key with the value MISSING does not exist.
    `secrets`: per key that was asked for, the key of the secret, None when the run's identity may not use it or there
    is none. `sealed`: whether the parameters or the configuration hold secrets.
    `system`: execution_id, workflow_execution_id, workflow, identity, trace_id.
    `window`: the deployment's default concurrency of an iteration. `item_limit`: the longest list accepted.
    """

    now: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pack_config: Mapping[str, Any] = field(default_factory=dict)
    system: Mapping[str, Any] = field(default_factory=dict)
    kv: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[tuple[str, int], Any] = field(default_factory=dict)
    item_details: Mapping[tuple[str, int], Mapping[int, Any]] = field(default_factory=dict)
    items: Mapping[tuple[str, int], Mapping[int, Any]] = field(default_factory=dict)
    secrets: Mapping[str, str | None] = field(default_factory=dict)
    sealed: bool = False
    failed_items: Mapping[tuple[str, int], FailedItems] = field(default_factory=dict)
    window: int = 100
    item_limit: int = 100_000
    seed: str = ""
