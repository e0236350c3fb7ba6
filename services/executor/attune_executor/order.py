"""Batches that overlap and are about one run come one after the other, and need not wait for one another to be stored.

The next one decides on what the one before is about to store, and is stored after it. Where that fails, what the next
one has decided is worth nothing: it is told so, and begins again.
"""

from __future__ import annotations

from asyncio import Event
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

from attune_common.store.errors import RowsChanged
from attune_executor.caches import Known


class Turn:
    """A batch's hold of its runs. `before`: by run, the hold that it follows."""

    def __init__(self, before: Mapping[int, Turn]) -> None:
        self.before = before
        self._runs: Mapping[int, Known] = {}
        self._used = self._stored = self.is_decided = self.is_over = False
        self._decided, self._over = Event(), Event()

    def use(self) -> bool:
        """Whether this is the batch's first try: only what it decides may be followed."""
        first, self._used = not self._used, True
        return first

    def ahead(self, run: int) -> Known | None:
        """What the run will be when those before are stored."""
        turn = self.before.get(run)
        return None if turn is None else turn._runs.get(run)

    def decided(self, runs: Mapping[int, Known]) -> None:
        """All that is left is to store this, and it is what the first try has come to."""
        self._runs = runs
        self._let_follow()

    def stored(self) -> None:
        """What was decided is what others find."""
        self._stored = True

    def end(self) -> None:
        """It forgets those before: else a long list would keep all that ever had a turn at it."""
        self.is_over, self.before = True, {}
        self._over.set()
        self._let_follow()

    def _let_follow(self) -> None:
        self.is_decided = True
        self._decided.set()

    async def until_decided(self) -> None:
        await self._decided.wait()

    async def until_alone(self) -> None:
        """Return when those before are over."""
        for turn in self.before.values():
            await turn._over.wait()

    async def until_true(self) -> None:
        """Return when those before have stored what they had decided. Errors: RowsChanged when one has not."""
        await self.until_alone()
        if not all(turn._stored for turn in self.before.values()):
            raise RowsChanged("what was decided before was not stored")


class Order:
    """Who has which runs in hand."""

    def __init__(self) -> None:
        self._held: dict[int, Turn] = {}

    @asynccontextmanager
    async def of(self, runs: Collection[int]) -> AsyncIterator[Turn]:
        """Wait until all who have any of the runs have decided, then have the runs until the end of the block."""
        while busy := next((turn for turn in self._holding(runs).values() if not turn.is_decided), None):
            await busy.until_decided()
        turn = Turn(self._holding(runs))
        self._held.update(dict.fromkeys(runs, turn))
        try:
            yield turn
        finally:
            self._give_back(turn, runs)
            turn.end()

    def _holding(self, runs: Collection[int]) -> dict[int, Turn]:
        return {run: turn for run in runs if (turn := self._held.get(run)) is not None}

    def _give_back(self, turn: Turn, runs: Collection[int]) -> None:
        """To those before, where this one ends before them."""
        for run in runs:
            if self._held.get(run) is not turn:
                continue
            before = turn.before.get(run)
            if before is None or before.is_over:
                del self._held[run]
            else:
                self._held[run] = before
