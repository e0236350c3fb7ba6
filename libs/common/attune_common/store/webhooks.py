"""Which webhooks were received: a signature counts once."""

from __future__ import annotations

from attune_common.store import queries
from attune_common.store.connection import Connection

_SQL = queries.load("webhooks")


async def note(unit: Connection, trigger: int, nonce: str, event: int, until: float | None) -> int | None:
    """Remember that this signature brought this event; the earlier event when it was there already.

    `until`: the unix time from which its age alone refuses it; None: for ninety days. Old ones go on the way.
    """
    if await unit.fetchval(_SQL.note, trigger, nonce, event, until) is not None:
        return None
    earlier: int | None = await unit.fetchval(_SQL.seen, trigger, nonce)
    return earlier
