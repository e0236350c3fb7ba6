"""/workers and /queues: who runs actions, how long ago they were heard of, what waits for whom, and who may begin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from attune_api.catalog_queries import Workers
from attune_api.context import Shared
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases.claim_attempts import claim_attempts
from attune_common.bus import topology
from attune_common.store import workers
from attune_common.store.leases import Claim

routes = router("/api/v1", tag="workers")
_MOST_WORKERS = 1_000
_KINDS = ("execution.requested", "execution.accepted", "execution.completed", "execution.log", "run.requested",
          "event.created")  # fmt: skip
_WORD = r"^[0-9a-zA-Z_-]+$"
_BY_NAME = Keyset("workers", ("name",), (str,))


class WantedAttempt(BaseModel):
    """`claim`: made up by the worker for this attempt, the same when it asks again."""

    model_config = ConfigDict(extra="forbid", strict=True)

    execution_id: int = Field(ge=1, le=2**63 - 1)
    token: str = Field(pattern=_WORD, max_length=64)
    claim: str = Field(pattern=_WORD, max_length=64)


class Claims(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    worker: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")
    claims: list[WantedAttempt] = Field(min_length=1, max_length=500)


class Granted(BaseModel):
    """`tokens`: of the attempts that the worker may begin; the others are over or somebody else's."""

    tokens: list[str]


class Worker(BaseModel):
    """`status`: `alive`; `silent` when its leases are about to lapse; `gone` when they have. `running`: attempts."""

    name: str
    status: Literal["alive", "silent", "gone"]
    pools: list[str]
    running: int
    started: datetime
    seen: datetime


class Queue(BaseModel):
    """`ready`: messages that wait; `consumers`: who takes them."""

    queue: str
    ready: int
    consumers: int


class Queues(BaseModel):
    items: list[Queue]


@routes.get("/queues", response_model=Queues, summary="List the shared queues")
@declares(Permission.READ, scoped=True)
async def queues(shared: Shared) -> Queues:
    """Those of the executors, and that of every pool that a worker takes."""
    async with shared.store.connection() as connection:
        rows = await workers.page(connection, None, None, _MOST_WORKERS)
    pools = sorted({topology.DEFAULT_POOL, *(pool for row in rows for pool in row["pools"])})
    names = [*(topology.worker(pool, 1).queue for pool in pools), *(topology.executor(kind).queue for kind in _KINDS)]
    found = [(name, *await shared.bus.depth(name)) for name in names]
    return Queues(items=[Queue(queue=name, ready=ready, consumers=consumers) for name, ready, consumers in found])


@routes.get("/workers", response_model=Page[Worker], summary="List workers")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, query: Annotated[Workers, Query()]) -> Page[Worker]:
    """A worker that was not heard of for a day is forgotten."""
    lease, beat = shared.settings.lease_seconds, shared.settings.heartbeat_seconds
    return await _BY_NAME.listed(
        shared.store, query,
        lambda connection, after, most: workers.page(connection, after, query.pool, most),
        lambda row: Worker(**{**dict(row), "status": _status(row["silent"], beat, lease)}),
    )  # fmt: skip


@routes.post("/workers/claims", response_model=Granted, summary="Claim attempts that must not run twice")
@declares(Permission.CONTENT)
async def claim(shared: Shared, body: Claims) -> Granted:
    """For workers, right before they begin: each attempt is given to one. It is leased to the worker from then on."""
    claims = [Claim(each.execution_id, each.token, each.claim) for each in body.claims]
    lease = shared.settings.lease_seconds
    return Granted(tokens=await claim_attempts(shared.store, body.worker, claims, lease))


def _status(silent: float, beat: float, lease: float) -> Literal["alive", "silent", "gone"]:
    if silent < 2 * beat:
        return "alive"
    return "silent" if silent < lease else "gone"
