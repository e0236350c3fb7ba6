"""What a runtime is, and what it works with."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.hosting.environments import Environments
from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.packs import Packs
from attune_common.runtime.settings import Settings
from attune_worker.claims import Claims
from attune_worker.jobs import Job
from attune_worker.logs import AttemptLog
from attune_worker.slots import SlotKind


@dataclass(frozen=True, slots=True)
class Bench:
    """What all attempts on a worker share. `http` keeps the egress policy; `api` may reach the platform only."""

    settings: Settings
    packs: Packs
    environments: Environments
    http: HttpClient
    api: HttpClient
    claims: Claims


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as a runtime sees it."""

    job: Job
    log: AttemptLog
    bench: Bench

    @property
    def spec(self) -> ExecutionScheduled:
        return self.job.spec


class Runtime(Protocol):
    """`prepare` fetches and builds what is needed, outside of the action's time, and gives the action itself:
    a coroutine that returns its result. When cancelled it ends everything that it has started.

    Errors of both: ActionFailure.
    """

    @property
    def slots(self) -> SlotKind: ...
    async def prepare(self, attempt: Attempt) -> Coroutine[Any, Any, Any]: ...
