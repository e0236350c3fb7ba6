"""One poisoned input harms only itself: a batch that fails is split until the culprit is alone, then set aside."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from attune_common.contracts.base import Message
from attune_common.store.errors import is_transient
from attune_common.store.store import Store
from attune_executor.incidents import report

T = TypeVar("T")
_MAX_FAILURES = 5


class Isolation:
    """Runs a transaction over inputs. Transient errors are the caller's: they pass through."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(
        self,
        inputs: Sequence[T],
        subject: Callable[[T], Hashable],
        transact: Callable[[list[T]], Awaitable[None]],
    ) -> None:
        """`transact` all at once; what fails for itself five times becomes an incident and is left."""
        if not inputs:
            return
        try:
            await transact(list(inputs))
        except Exception as error:
            if is_transient(error):
                raise
            await self._apart(inputs, subject, transact, error)

    async def _apart(
        self,
        inputs: Sequence[T],
        subject: Callable[[T], Hashable],
        transact: Callable[[list[T]], Awaitable[None]],
        error: Exception,
    ) -> None:
        groups: dict[Hashable, list[T]] = {}
        for entry in inputs:
            groups.setdefault(subject(entry), []).append(entry)
        if len(groups) == 1:
            await self._alone(str(next(iter(groups))), list(inputs), transact, error)
            return
        parts = list(groups.values())
        middle = len(parts) // 2
        for half in (parts[:middle], parts[middle:]):
            await self.run([entry for part in half for entry in part], subject, transact)

    async def _alone(
        self, subject: str, inputs: list[T], transact: Callable[[list[T]], Awaitable[None]], error: Exception
    ) -> None:
        for _ in range(_MAX_FAILURES - 1):
            try:
                await transact(inputs)
                return
            except Exception as again:
                if is_transient(again):
                    raise
                error = again
        await self._set_aside(subject, inputs, error)

    async def _set_aside(self, subject: str, inputs: list[T], error: Exception) -> None:
        """Where an operator sees it. Messages are kept with it: whoever sent them has forgotten them."""
        trace = "".join(traceback.format_exception(error))[-8000:].replace("\0", "")
        detail = {"error": f"{type(error).__name__}: {error}"[:2000].replace("\0", ""), "trace": trace}
        kept = [entry for entry in inputs if isinstance(entry, Message)]
        await self._store.retrying(lambda unit: report(unit, "poison", subject, detail, kept))
