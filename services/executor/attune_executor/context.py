"""What every part of the executor works with, and what it counts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from attune_common.bus.bus import Bus
from attune_common.runtime import metrics
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_common.vault.envelope import Vault
from attune_executor.caches import Caches
from attune_executor.policies import PolicyBook

STALE = metrics.counter("executor_stale_total", "Reports of attempts that are over or were replaced", "kind")
ENDED = metrics.counter("executor_executions_total", "Executions that reached a final state", "status")
SIGNALS = metrics.counter("executor_signals_total", "Signals that runs have accepted")
BATCH = metrics.histogram("executor_batch_size", "Inputs taken in one transaction", buckets=metrics.SIZES)
BATCH_TIME = metrics.histogram("executor_batch_seconds", "Time from taking a batch to its commit")
DECIDING = metrics.histogram("executor_decision_seconds", "Time to decide on one signal, templates included")
LEASES_LOST = metrics.counter("leases_lost_total", "Attempts whose worker was lost", "then")
INCIDENTS = metrics.counter("executor_incidents_total", "Things that must not happen and did", "kind")
SWEPT = metrics.counter("executor_swept_total", "Things that a sweep had to put right", "sweep")


@dataclass(frozen=True, slots=True)
class Context:
    """The executor's dependencies; one per process.

    `timers_set` wakes the timers' loop. `pools` are those whose queues this process has made.
    """

    store: Store
    bus: Bus
    settings: Settings
    caches: Caches = field(default_factory=Caches)
    vault: Vault = field(init=False)
    timers_set: asyncio.Event = field(default_factory=asyncio.Event)
    pools: set[str] = field(default_factory=set)
    policies: PolicyBook = field(default_factory=PolicyBook)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vault", Vault(self.settings))
