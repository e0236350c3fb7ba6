"""What a process may remember between batches: compiled graphs, states by revision, chunks of item lists."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from attune_common.runtime.lru import Lru, Weighed
from attune_common.store.actions_lookup import KnownActions
from attune_common.store.events_matching import Rules
from attune_common.store.items import ChunkKey
from attune_core.access.rights import Rights
from attune_core.definition.graph import Graph
from attune_core.model.record import record
from attune_core.workflow.state import RunState
from attune_executor.factbook import PassResults

_PASSES_BYTES = _RUNS_BYTES = 64 * 1024 * 1024
_RUN_BYTES, _TASK_BYTES = 4_000, 250
_TIMES = 4
"""So many times the length of its JSON is what a value takes in memory."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What never changes in the life of a run. `token` is that of its execution's attempt.

    `sealed`: the parameters hold secrets.

    `parent_run`, `task`, `iteration` and `index` tell where in a parent run it stands, if it has one. `pack_version` is
    the version of its pack that it keeps.
    """

    id: int
    execution: int
    workflow_ref: str
    workflow_def: int | None
    version: str
    pack_ref: str
    action_ref: str
    parameters: Mapping[str, Any]
    trace_id: str
    token: str | None
    root: int
    depth: int
    identity: int | None = None
    login: str | None = None
    rule_ref: str | None = None
    trigger_ref: str | None = None
    parent_run: int | None = None
    task: str | None = None
    iteration: int | None = None
    index: int | None = None
    sealed: bool = False
    pack_version: int | None = None


@record
class Known:
    """A run as its last commit left it; valid while the row has the same revision."""

    context: RunContext
    state: RunState

    @property
    def weight(self) -> int:
        """About so many bytes of memory. Parameters count as variables: nearly all are small."""
        state = self.state
        return _RUN_BYTES + _TASK_BYTES * len(state.tasks) + _weight(state.vars) + _weight(self.context.parameters)


def _weight(values: Mapping[str, Any]) -> int:
    return _TIMES * len(orjson.dumps(values, default=str)) if values else 0


def _lru(size: int) -> Callable[[], Lru[Any, Any]]:
    return lambda: Lru(size)


@dataclass(slots=True)
class Caches:
    """Bounded in number or in weight; nothing here is needed for correctness."""

    graphs: Lru[str, Graph] = field(default_factory=_lru(500))
    runs: Weighed[int, Known] = field(default_factory=lambda: Weighed(_RUNS_BYTES))
    chunks: Lru[ChunkKey, list[Any]] = field(default_factory=_lru(500))
    passes: Weighed[Hashable, PassResults] = field(default_factory=lambda: Weighed(_PASSES_BYTES))
    actions: KnownActions = field(default_factory=KnownActions)
    configs: Lru[tuple[str, int | None], dict[str, Any]] = field(default_factory=_lru(200))
    rights: Lru[int | None, tuple[Rights, float]] = field(default_factory=_lru(2_000))
    rules: Lru[str, tuple[int, Rules]] = field(default_factory=_lru(2_000))
