"""What is asked for at the same time is done at once: a burst costs a visit to the database for many, not for each.

What is asked alone is done at once. While something is under way, what arrives waits, and is then taken all together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from attune_common.store import audit

A = TypeVar("A")
B = TypeVar("B")
_AT_ONCE = 200


class Together(Generic[A, B]):
    """`work` gives an answer for each that was asked, in order; an exception among them is raised to whom it concerns.

    When `work` itself fails, each is tried alone, so that none harms the others.
    """

    def __init__(self, work: Callable[[Sequence[A]], Awaitable[Sequence[B | Exception]]]) -> None:
        self._work = work
        self._waiting: list[tuple[A, asyncio.Future[B]]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, what: A) -> B:
        """Errors: what `work` gives or raises for it."""
        done: asyncio.Future[B] = asyncio.get_running_loop().create_future()
        self._waiting.append((what, done))
        if self._working is None or self._working.done():
            with audit.nobody():
                self._working = asyncio.create_task(self._work_off())
        return await done

    async def _work_off(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            answers = await self._answers([what for what, _ in taken])
            for (_, done), answer in zip(taken, answers, strict=True):
                if done.done():
                    continue
                if isinstance(answer, Exception):
                    done.set_exception(answer)
                else:
                    done.set_result(answer)

    async def _answers(self, asked: Sequence[A]) -> Sequence[B | Exception]:
        try:
            return await self._work(asked)
        except Exception as problem:
            if len(asked) == 1:
                return [problem]
        return [answer for one in asked for answer in await self._answers([one])]
