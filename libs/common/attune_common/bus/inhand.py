"""A delivery on its way: as its transport holds it, and as a handler sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attune_common.contracts.base import Message


class Receipt(Protocol):
    """A delivery as its transport holds it. Settling never raises: what a broker was not told, it delivers again."""

    routing_key: str
    redelivered: bool
    attempt: int
    body: bytes
    headers: Mapping[str, str]
    position: int

    @property
    def lost(self) -> bool:
        """The broker has taken it back (the connection it came by is gone)."""

    async def ack(self) -> None: ...
    async def requeue(self) -> None: ...
    async def bury(self, reason: str) -> None: ...


class InHand:
    """A delivery on its way through the handler. Implements `Delivery`."""

    __slots__ = (
        "_receipt",
        "attempt",
        "body",
        "failures",
        "headers",
        "messages",
        "position",
        "redelivered",
        "routing_key",
        "settled",
    )

    def __init__(self, receipt: Receipt) -> None:
        self._receipt = receipt
        self.routing_key = receipt.routing_key
        self.redelivered = receipt.redelivered
        self.attempt = receipt.attempt
        self.body = receipt.body
        self.headers = receipt.headers
        self.position = receipt.position
        self.messages: list[Message] = []
        self.settled = False
        self.failures = 0

    @property
    def lost(self) -> bool:
        return self._receipt.lost

    async def ack(self) -> None:
        if self._settle():
            await self._receipt.ack()

    async def requeue(self) -> None:
        if self._settle():
            await self._receipt.requeue()

    async def reject(self, reason: str) -> None:
        if self._settle():
            await self._receipt.bury(reason)

    def _settle(self) -> bool:
        first = not self.settled
        self.settled = True
        return first
