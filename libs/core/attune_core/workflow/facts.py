"""What a decision may know of the world. Fetched by the shell, never by the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """`now`: the decision's time (PostgreSQL's clock, UTC).

    `results`: per task name, the result of its latest activation that ended (for an iteration: the list of
    item results in item order; for a parallel block nothing: the engine composes it). A name that is absent
    was not fetched. `item_details`: per iterating task `[{status, result, error}]`, only when fetched.
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
    results: Mapping[str, Any] = field(default_factory=dict)
    item_details: Mapping[str, Any] = field(default_factory=dict)
    items: Mapping[tuple[str, int], Mapping[int, Any]] = field(default_factory=dict)
    window: int = 100
    item_limit: int = 100_000
    seed: str = ""
