"""Does the chain of the audit trail hold? Computed by the database, a part at a time."""

from __future__ import annotations

from attune_api.views.access import Broken, Verified
from attune_common.store import audit
from attune_common.store.store import Store

_AT_ONCE = 20_000
_MOST_TOLD = 20


async def chain_all(store: Store) -> None:
    """Give everything that is written its place in the chain."""
    while await store.retrying(audit.chain) >= audit.CHAIN_AT_ONCE:
        pass


async def verify(store: Store) -> Verified:
    """The whole trail as it is kept; what was forgotten by retention is no fault."""
    await chain_all(store)
    broken: list[Broken] = []
    async with store.connection() as connection:
        ends = await audit.ends(connection)
        first, last = ends["first"], ends["last"]
        if first is not None:
            for after in range(first - 1, last, _AT_ONCE):
                rows = await audit.broken(connection, after, min(after + _AT_ONCE, last), first)
                broken += [Broken(**dict(row)) for row in rows]
                if len(broken) >= _MOST_TOLD:
                    break
        gaps = 0 if first is None else last - first + 1 - (ends["rows"] - ends["waiting"])
        head = None if last is None else await audit.hash_at(connection, last)
    return Verified(
        ok=not broken and gaps == 0,
        entries=ends["rows"],
        first=first,
        last=last,
        head=head,
        broken=broken[:_MOST_TOLD],
    )
