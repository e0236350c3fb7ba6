"""Queues by name: who listens to what. Data only; the bus makes it so."""

from __future__ import annotations

from attune_common.bus.bus import Subscription
from attune_common.contracts.registry import Exchange

DEFAULT_POOL = "default"


def executor(kind: str, *, max_batch: int = 200) -> Subscription:
    """The executors' shared queue for one message type, e.g. `execution.completed`."""
    return Subscription(f"attune.executor.{kind}", ((Exchange.EVENTS, kind),), max_batch=max_batch)


def worker(pool: str, prefetch: int) -> Subscription:
    """The shared queue of a worker pool."""
    return Subscription(
        f"attune.worker.{pool}", ((Exchange.EXECUTIONS, f"execution.scheduled.{pool}"),), prefetch=prefetch
    )


def control(worker_name: str) -> Subscription:
    """One worker's own ear for cancels and drops."""
    return Subscription(f"attune.control.{worker_name}", ((Exchange.CONTROL, "#"),), durable=False)


def watcher(name: str) -> Subscription:
    """One notifier's own copy of everything that live clients may see."""
    keys = ("execution.status", "execution.log", "workflow.#", "inquiry.#")
    return Subscription(f"attune.notifier.{name}", tuple((Exchange.EVENTS, key) for key in keys), durable=False)


DEAD_LETTERS = Subscription("attune.dead-letters", ((Exchange.DEAD, "#"),), raw=True)

DELIVERY_LIMIT = 50
"""So often a message may come back to its queue before it goes to the dead letters. A shutdown counts too."""

REASON_HEADER = "x-attune-reason"
QUEUE_HEADER = "x-attune-queue"
