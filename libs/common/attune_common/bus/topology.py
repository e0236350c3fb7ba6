"""Queues by name: who listens to what. Data only; the bus makes it so."""

from __future__ import annotations

from dataclasses import replace

from attune_common.bus.bus import Kept, Subscription
from attune_common.contracts.registry import REGISTRY, Exchange

DEFAULT_POOL = "default"


def executor(kind: str, *, max_batch: int = 200) -> Subscription:
    """The executors' shared queue for one message type, e.g. `execution.completed`."""
    shared = Subscription(f"attune.executor.{kind}", ((Exchange.EVENTS, kind),), max_batch=max_batch, linger=0.005)
    return replace(shared, overlaps=True, enough=500) if kind == "execution.completed" else shared


def worker(pool: str, prefetch: int) -> Subscription:
    """The shared queue of a worker pool."""
    return Subscription(
        f"attune.worker.{pool}", ((Exchange.EXECUTIONS, f"execution.scheduled.{pool}"),), prefetch=prefetch
    )


def control(worker_name: str) -> Subscription:
    """One worker's own ear for cancels and drops."""
    return Subscription(f"attune.control.{worker_name}", ((Exchange.CONTROL, "#"),), durable=False)


_SHOWN = (
    "execution.requested",
    "execution.status",
    "execution.log",
    "workflow.#",
    "inquiry.#",
    "event.#",
    "incident.#",
)

LIVE = Subscription(
    "attune.live",
    tuple((Exchange.EVENTS, key) for key in _SHOWN),
    raw=True,
    prefetch=100,
    kept=Kept(seconds=4 * 3600, size=512 * 1024 * 1024),
)
"""Everything that live clients may see, kept for those that come back: notifiers read it, and take nothing away."""


def shared_queue(name: str) -> Subscription | None:
    """The executors' queue or the queue of a pool that has this name, if one has."""
    kind, pool = name.removeprefix(executor("").queue), name.removeprefix(worker("", 1).queue)
    if kind != name and kind in REGISTRY:
        return executor(kind)
    return worker(pool, 1) if pool not in (name, "") else None


DEAD_LETTERS = Subscription("attune.dead-letters", ((Exchange.DEAD, "#"),), raw=True)

DELIVERY_LIMIT = 50
"""So often a message may come back to its queue before it goes to the dead letters. A shutdown counts too."""

REASON_HEADER = "x-attune-reason"
QUEUE_HEADER = "x-attune-queue"
