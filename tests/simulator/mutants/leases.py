"""Without what tells a living worker from a dead one: leases, heartbeats, self-fencing, calm."""

from __future__ import annotations

from attune_common.bus.bus import Subscription
from attune_common.store import leases
from attune_executor import leases as workers
from attune_executor.calm import Calm
from attune_executor.recover import Recover
from attune_executor.resend import Resend
from tests.simulator.mutants.parts import not_done, nothing_found, yes
from tests.simulator.mutations import off, patched
from tests.simulator.plans import EXECUTORS, WORKERS


async def _up_to_date(_: Calm) -> float:
    return 0.0


async def _looks_read(calm: Calm, subscription: Subscription) -> None:
    calm._read[subscription.queue] = calm.clock()


MUTANTS = (
    patched("acceptances begin leases", (workers.executions, "accept", nothing_found)),
    patched("a heartbeat stands for a lost acceptance", (leases, "held", nothing_found)),
    patched("heartbeats renew leases", (leases, "extend", nothing_found)),
    off("workers fence themselves", "self_fence", where=WORKERS),
    off("heartbeats of stale holders are answered", "drop_stale", where=WORKERS),
    patched(
        "the sweep tells workers that it has given up their attempt",
        (Recover, "_stop_workers", not_done),
        because="the answer to their next heartbeat says the same",
    ),
    patched(
        "silence after an outage is no death", (Calm, "holds", yes), (Calm, "behind", _up_to_date), where=EXECUTORS
    ),
    patched(
        "reports that wait are read first",
        (Calm, "_look", _looks_read),
        because="the executors of the model are never behind with reading: tests/integration/executor/test_calm.py",
    ),
    patched("a job in a queue is not lost", (Resend, "_idle", yes), where=EXECUTORS),
)
