"""Dead letters leave the broker for the table, and rules hear of them."""

from __future__ import annotations

from collections.abc import Sequence

from attune_common.bus.bus import Delivery
from attune_common.bus.topology import QUEUE_HEADER, REASON_HEADER
from attune_common.store import dead_letters, internal_events
from attune_common.store.dead_letters import DeadLetter
from attune_common.store.internal_events import DEAD_LETTER, Happening
from attune_common.store.unit import Unit
from attune_executor.context import Context

_LONGEST_TEXT = 1_000


class DeadLetters:
    """Acknowledged after the commit: a letter that comes again is kept again, and none is lost."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def keep(self, deliveries: Sequence[Delivery]) -> None:
        letters = [_letter(delivery) for delivery in deliveries]
        await self._context.store.retrying(lambda unit: _keep(unit, letters))


async def _keep(unit: Unit, letters: list[DeadLetter]) -> None:
    ids = await dead_letters.insert(unit, letters)
    await internal_events.tell(unit, *(_happening(id, letter) for id, letter in zip(ids, letters, strict=True)))


def _letter(delivery: Delivery) -> DeadLetter:
    headers = delivery.headers
    queue = headers.get(QUEUE_HEADER) or headers.get("x-first-death-queue") or ""
    reason = headers.get(REASON_HEADER) or headers.get("x-first-death-reason") or "unknown"
    return DeadLetter(_text(queue), _text(delivery.routing_key), _text(reason), delivery.body)


def _text(given: str) -> str:
    return given.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[:_LONGEST_TEXT]


def _happening(id: int, letter: DeadLetter) -> Happening:
    told = {"queue": letter.queue, "routing_key": letter.routing_key, "reason": letter.reason}
    return Happening(DEAD_LETTER, {"dead_letter": id, **told}, dedup_key=str(id))
