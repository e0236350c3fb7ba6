"""What a decision may know of the world. Fetched by the shell, never by the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """`now`: the decision's time (PostgreSQL's clock, UTC).

    `results`: per pass, as (task, iteration), the result of its execution, null when it has none. `item_details`:
    per pass of an iterating task `{index: {status, result, error}}` of the items that have ended. A pass that is
    absent was not fetched; what this decision itself ends, the engine knows.
    `items`: per (task, iteration), the fetched part of the list by index.
    `kv`: fetched datastore keys; a key with the value MISSING does not exist.
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
    window: int = 100
    item_limit: int = 100_000
    seed: str = ""
