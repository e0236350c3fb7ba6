"""Requested executions are taken from their queue and start."""

from __future__ import annotations

from collections.abc import Iterable

from attune_common.contracts.execution import ExecutionRequested
from attune_common.store.executions import Execution
from attune_common.store.unit import Unit
from attune_core.model.status import ExecutionStatus
from attune_executor.batch import Batch
from attune_executor.context import STALE, Context
from attune_executor.flush import flush
from attune_executor.isolation import Isolation
from attune_executor.opening import requested
from attune_executor.starts import start_all
from attune_executor.workflows import MAX_BATCH, remember


class Schedule:
    """Takes requests to start executions; each batch is one transaction with one commit."""

    def __init__(self, context: Context, isolation: Isolation) -> None:
        self._context = context
        self._isolation = isolation

    async def take(self, messages: Iterable[ExecutionRequested]) -> None:
        ids = list(dict.fromkeys(message.execution_id for message in messages))
        for start in range(0, len(ids), MAX_BATCH):
            await self._isolation.run(ids[start : start + MAX_BATCH], _subject, self._transact)

    async def _transact(self, ids: list[int]) -> None:
        remember(await self._context.store.retrying(lambda unit: self._perform(unit, ids), late=True))

    async def _perform(self, unit: Unit, ids: list[int]) -> Batch:
        batch = await requested(unit, self._context, ids)
        rows = [row for id in ids if (row := batch.row(id)) is not None and _is_waiting(row)]
        STALE.labels("requested").inc(len(ids) - len(rows))
        await start_all(batch, rows)
        await flush(batch)
        return batch


def _subject(id: int) -> str:
    return f"execution:{id}"


def _is_waiting(row: Execution) -> bool:
    return row.status is ExecutionStatus.REQUESTED
