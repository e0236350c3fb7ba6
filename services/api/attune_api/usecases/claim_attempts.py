"""Letting a worker begin attempts that must not run twice: of all that were given the same job, one begins it.

The bus delivers a job again when a connection breaks, and sweeps send it again when nobody accepts it: whoever has it
then cannot know whether another has begun. The row knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from attune_common.store import leases
from attune_common.store.leases import Claim
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.model.status import ExecutionStatus


async def claim_attempts(store: Store, worker: str, claims: Sequence[Claim], lease: float) -> list[str]:
    """The tokens of those that the worker may begin. Asking again under the same names gives the same answer, until
    the attempt is over."""
    return await store.retrying(lambda unit: _claim(unit, worker, claims, lease))


async def _claim(unit: Unit, worker: str, claims: Sequence[Claim], lease: float) -> list[str]:
    rows = await leases.claim(unit, worker, claims, lease)
    for row in rows:
        if row["before"] == ExecutionStatus.SCHEDULED.value:
            unit.emit(leases.running(row))
    return [row["token"] for row in rows]
