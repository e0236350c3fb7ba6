"""Lines of executions on their way into the table. A repeat changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from attune_common.contracts.execution import ExecutionLog
from attune_common.store import logs
from attune_common.store.logs import Line
from attune_executor.context import Context

_AT_ONCE = 5_000


class Logs:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def store(self, messages: Iterable[ExecutionLog]) -> None:
        lines = [line for message in messages for line in _lines(message)]
        for start in range(0, len(lines), _AT_ONCE):
            await self._context.store.retrying(partial(logs.insert, lines=lines[start : start + _AT_ONCE]))


def _lines(message: ExecutionLog) -> Iterable[Line]:
    for line in message.lines:
        text = line.line.replace("\0", "\N{REPLACEMENT CHARACTER}")
        yield message.execution_id, message.attempt, line.seq, line.stream, line.time, text
