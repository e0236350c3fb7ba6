"""What a process may remember between batches: compiled graphs, states by revision, chunks of item lists."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from attune_common.store.actions_lookup import Action, Pinned
from attune_common.store.items import ChunkKey
from attune_core.access.rights import Rights
from attune_core.definition.graph import Graph
from attune_core.model.record import record
from attune_core.workflow.state import RunState
from attune_executor.factbook import PassResults

_PASSES_BYTES = 64 * 1024 * 1024
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """The `size` values used last."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)

    def drop(self, key: K) -> None:
        self._values.pop(key, None)


class Weighed(Generic[K, V]):
    """The values used last that weigh no more than `most` together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """A value that is too heavy by itself is not kept."""
        if weight > self._most or key in self._values:
            return
        self._values[key] = (value, weight)
        self._weight += weight
        while self._weight > self._most:
            _, (_, gone) = self._values.popitem(last=False)
            self._weight -= gone


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


def _lru(size: int) -> Callable[[], Lru[Any, Any]]:
    return lambda: Lru(size)


@dataclass(slots=True)
class Caches:
    """Bounded in number; nothing here is needed for correctness."""

    graphs: Lru[str, Graph] = field(default_factory=_lru(500))
    runs: Lru[int, Known] = field(default_factory=_lru(2_000))
    chunks: Lru[ChunkKey, list[Any]] = field(default_factory=_lru(500))
    passes: Weighed[Hashable, PassResults] = field(default_factory=lambda: Weighed(_PASSES_BYTES))
    actions: Lru[Pinned, tuple[int, Action | None]] = field(default_factory=_lru(2_000))
    configs: Lru[tuple[str, int | None], dict[str, Any]] = field(default_factory=_lru(200))
    rights: Lru[int | None, tuple[Rights, float]] = field(default_factory=_lru(2_000))
