"""Dead letters are replayed or discarded, each once. To replay one is to give it back to the queue that refused it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attune_api.auth import Principal
from attune_api.errors import Conflict, NotFound
from attune_common.bus.bus import Bus
from attune_common.bus.topology import shared_queue
from attune_common.contracts.envelope import UndecodableMessage, Wire, unpack
from attune_common.contracts.execution import ExecutionScheduled
from attune_common.contracts.registry import TO_A_QUEUE
from attune_common.store import dead_letters, outbox
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit


async def replay(store: Store, bus: Bus, caller: Principal, letter: int) -> None:
    """Errors: NotFound; Conflict when it is closed, belongs to an incident, or must not be handled any more."""

    async def work(unit: Unit) -> None:
        row = await _locked(unit, letter)
        await _check_jobs(unit, row["body"])
        await send_back(unit, bus, [row], caller.id)

    await store.retrying(work)


async def discard(store: Store, caller: Principal, letter: int) -> None:
    """Errors: NotFound; Conflict when it is closed or belongs to an incident."""

    async def work(unit: Unit) -> None:
        row = await _locked(unit, letter)
        await dead_letters.close(unit, [row["id"]], "discarded", caller.id)

    await store.retrying(work)


async def send_back(unit: Unit, bus: Bus, rows: Iterable[Row], by: int | None) -> None:
    """To the queues that refused them, which exist from then on. Errors: Conflict."""
    for row in rows:
        subscription = shared_queue(row["queue"])
        if subscription is None:
            raise Conflict(
                f"it was refused by {row['queue'] or 'a queue without a name'}, which is gone with its owner",
                code="no_such_queue",
                hint="discard it",
            )
        await bus.declare(subscription)
        unit.send(Wire(TO_A_QUEUE, subscription.queue, row["body"]))
        await dead_letters.close(unit, [row["id"]], "replayed", by)


async def _locked(unit: Unit, letter: int) -> Row:
    row = await dead_letters.lock(unit, letter)
    if row is None:
        raise NotFound(f"there is no dead letter {letter}")
    if row["status"] != "new":
        raise Conflict(f"the dead letter was {row['status']} already", code="already_closed")
    if row["incident"] is not None:
        raise Conflict(
            f"the message waits for the end of incident {row['incident']}",
            code="waits_for_incident",
            hint=f"resolve incident {row['incident']}: the message is handled then",
        )
    return row


async def _check_jobs(unit: Unit, body: bytes) -> None:
    """A job whose attempt is over, or given to another worker, would run its action once more than anybody knows."""
    jobs = [(message.execution_id, message.token) for message in _readable(body) if _is_job(message)]
    if not jobs:
        return
    wanted = await outbox.wanted(unit, jobs)
    over = [execution for execution, token in jobs if token not in wanted]
    if over:
        raise Conflict(
            f"execution {over[0]} does not wait for this job any more: its action would run a second time",
            code="job_is_over",
            hint="discard it; an execution that failed is started or retried anew",
        )


def _is_job(message: Any) -> bool:
    return isinstance(message, ExecutionScheduled)


def _readable(body: bytes) -> list[Any]:
    try:
        return list(unpack(body))
    except UndecodableMessage:
        return []
