"""Micro-batches out of single deliveries, and ever smaller ones when a handler fails. Every implementation uses it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from attune_common.bus import metrics
from attune_common.bus.bus import Delivery, Handler, Subscription, TryLater
from attune_common.bus.inhand import InHand, Receipt
from attune_common.contracts.envelope import UndecodableMessage, unpack
from attune_common.runtime import handover, lifecycle
from attune_common.runtime.clock import monotonic
from attune_common.runtime.logging import get

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
MANY = 50
"""So many messages share the cost of a batch well enough."""
_JUST_NOW = 0.05
FAILURES_ALONE = 5

log = get("attune.bus")


class Batches:
    """One consumer's line of deliveries and the task that hands them to the handler, one batch at a time; where batches
    overlap, the next one goes when the last one only waits, and the one before it is done.

    `size`: messages of the last batch.
    """

    def __init__(self, subscription: Subscription, handler: Handler) -> None:
        self._subscription = subscription
        self._handler = handler
        self._waiting: deque[InHand] = deque()
        self._limit = subscription.max_batch
        self._failed_alone_in_a_row = self._put_off_in_a_row = 0
        self.size, self._took, self._ended = 0, 0.0, 0.0
        self._given: list[InHand] = []
        self._under_way: list[asyncio.Task[None]] = []
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"batches of {subscription.queue}")

    @property
    def busy(self) -> bool:
        """Whether deliveries wait or are with the handler."""
        return bool(self._waiting) or not all(delivery.settled for delivery in self._given)

    def put(self, receipt: Receipt) -> None:
        """Take a delivery in hand. After `stop` nothing happens: its transport gives it back."""
        if not self._stopping.is_set():
            self._waiting.append(InHand(receipt))
            self._arrived.set()

    async def stop(self) -> None:
        """Return when the running handler has ended; requeue the rest. When cancelled, cancel the handler."""
        self._stopping.set()
        self._arrived.set()
        try:
            await asyncio.wait([self._task])
        finally:
            if not self._task.done():
                self._task.cancel()
                await asyncio.wait([self._task], timeout=LONGEST_PAUSE)
            while self._waiting:
                await self._waiting.popleft().requeue()

    async def _run(self) -> None:
        hand_out = self._hand_out if self._subscription.overlaps else self._give
        try:
            while not self._stopping.is_set():
                await self._arrived.wait()
                await self._linger()
                batch = await self._next()
                if batch:
                    await hand_out(batch)
                elif not self._waiting:
                    self._arrived.clear()
            await self._until_under_way(0)
        finally:
            await lifecycle.cancel(self._under_way)

    async def _hand_out(self, batch: list[InHand]) -> None:
        """Return when the next batch may go."""
        only_waits = asyncio.Event()
        with handover.to(only_waits.set):
            given = asyncio.create_task(self._give(batch), name=f"a batch of {self._subscription.queue}")
        given.add_done_callback(lambda _: only_waits.set())
        self._under_way.append(given)
        await only_waits.wait()
        await self._until_under_way(1)

    async def _until_under_way(self, most: int) -> None:
        """Errors: what ended a batch that is neither done nor failed."""
        while len(self._under_way) > most or (self._under_way and self._under_way[0].done()):
            await self._under_way[0]
            self._under_way.pop(0)

    async def _linger(self) -> None:
        """A batch costs about the same for one message and for ten. Where each comes alone, none waits; where several
        have just come at once, more are on their way: for those it waits as long as the last batch took, at most."""
        busy = 1 < self.size < MANY and monotonic() - self._ended < _JUST_NOW
        if busy and self._subscription.linger > 0 and len(self._waiting) < MANY:
            await asyncio.sleep(min(self._subscription.linger, self._took))

    async def _next(self) -> list[InHand]:
        """What has arrived, up to the limits. One that failed alone before comes alone again."""
        batch: list[InHand] = []
        size = messages = 0
        while self._waiting and len(batch) < self._limit and messages < self._subscription.enough:
            alone = self._waiting[0].failures > 0
            size += len(self._waiting[0].body)
            if batch and (alone or size > self._subscription.max_bytes):
                break
            delivery = self._waiting.popleft()
            if not delivery.lost and await self._readable(delivery):
                batch.append(delivery)
                messages += len(delivery.messages)
            if alone:
                break
        return batch

    async def _readable(self, delivery: InHand) -> bool:
        if self._subscription.raw or delivery.messages:
            return True
        try:
            delivery.messages = unpack(delivery.body)
        except UndecodableMessage as problem:
            log.warning("undecodable message", queue=self._subscription.queue, problem=str(problem))
            metrics.dead_letters.labels(self._subscription.queue).inc()
            await delivery.reject(f"undecodable: {problem}")
            return False
        return True

    async def _give(self, batch: list[InHand]) -> None:
        metrics.batch_size.labels(self._subscription.queue).observe(len(batch))
        metrics.received.labels(self._subscription.queue).inc(len(batch))
        self._given = [delivery for delivery in self._given if not delivery.settled] + batch
        given: list[Delivery] = list(batch)
        began = monotonic()
        try:
            await self._handler(given)
        except BaseException as problem:
            self._take_back(batch)
            if _meant_for_us(problem):
                raise
            if isinstance(problem, TryLater):
                await self._put_off(problem)
            else:
                await self._failed(batch, problem)
        else:
            self._ended = monotonic()
            self.size, self._took = sum(len(one.messages) for one in batch), self._ended - began
            await self._succeeded(batch)

    async def _succeeded(self, batch: list[InHand]) -> None:
        self._failed_alone_in_a_row = self._put_off_in_a_row = 0
        self._limit = min(self._subscription.max_batch, self._limit * 2)
        for delivery in batch:
            await delivery.ack()

    def _take_back(self, batch: list[InHand]) -> None:
        left = [delivery for delivery in batch if not delivery.settled]
        for delivery in left:
            delivery.attempt += 1
            delivery.redelivered = True
        self._waiting.extendleft(reversed(left))

    async def _failed(self, batch: list[InHand], problem: BaseException) -> None:
        self._limit = max(1, len(batch) // 2)
        metrics.failures.labels(self._subscription.queue).inc()
        log.error(
            "a handler failed", queue=self._subscription.queue, size=len(batch), problem=repr(problem), exc_info=problem
        )
        pause = FIRST_PAUSE
        if len(batch) == 1:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failed_alone_in_a_row, 10))
            self._failed_alone_in_a_row += 1
            if not batch[0].settled:
                await self._failed_alone(self._waiting.popleft())
        await self._pause(pause)

    async def _put_off(self, problem: TryLater) -> None:
        metrics.put_off.labels(self._subscription.queue).inc()
        log.debug("a handler waits", queue=self._subscription.queue, problem=str(problem))
        pause = FIRST_PAUSE * 2 ** min(self._put_off_in_a_row, 10)
        self._put_off_in_a_row += 1
        await self._pause(min(LONGEST_PAUSE, pause))

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _failed_alone(self, delivery: InHand) -> None:
        """To the end of the line, so that it holds up nobody; later back to the queue, where others find it."""
        delivery.failures += 1
        if delivery.failures < FAILURES_ALONE:
            self._waiting.append(delivery)
        else:
            await delivery.requeue()


def _meant_for_us(problem: BaseException) -> bool:
    """A library may raise CancelledError when its connection freezes: only a real cancellation counts as one."""
    if not isinstance(problem, asyncio.CancelledError):
        return not isinstance(problem, Exception)
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
