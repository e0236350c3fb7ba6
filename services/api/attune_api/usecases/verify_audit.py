"""Does the chain of the audit trail hold? Computed by the database, a part at a time."""

from __future__ import annotations

from dataclasses import dataclass

from attune_api.views.access import Broken, Verified
from attune_common.store import audit
from attune_common.store.connection import Connection
from attune_common.store.store import Store

_AT_ONCE = 20_000
_MOST_TOLD = 20


async def chain_all(store: Store) -> None:
    """Give everything that is written its place in the chain."""
    while await store.retrying(audit.chain) >= audit.CHAIN_AT_ONCE:
        pass


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry as an earlier check told it: it must still be there, or be forgotten by retention."""

    position: int
    hash: str


async def verify(store: Store, seen: Seen | None = None) -> Verified:
    """The whole trail as it is kept; what was forgotten by retention is no fault, when the trail itself says so."""
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
        broken += await _beginning(connection, first) + await _unseen(connection, first, seen)
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


async def _beginning(connection: Connection, first: int | None) -> list[Broken]:
    """A trail that does not begin at 1 has to tell that the rest was forgotten."""
    if first is None or first == 1:
        return []
    row = await audit.at(connection, first)
    if row is None or await audit.told_forgotten(connection, first - 1, row["previous"]):
        return []
    return [Broken(position=first, id=row["id"], what="beheaded")]


async def _unseen(connection: Connection, first: int | None, seen: Seen | None) -> list[Broken]:
    if seen is None or (first is not None and seen.position < first):
        return []
    if await audit.hash_at(connection, seen.position) == seen.hash:
        return []
    return [Broken(position=seen.position, id=0, what="unseen")]
