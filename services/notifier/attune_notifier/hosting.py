"""What the streams of one notifier share."""

from __future__ import annotations

from dataclasses import dataclass

from attune_notifier.access import Authorise, Look, Take, Viewer
from attune_notifier.feed import Feed


@dataclass(frozen=True, slots=True)
class Host:
    """`ping`: after so many seconds without news a client gets a sign of life."""

    feed: Feed
    authorise: Authorise
    look: Look
    take: Take
    ping: float

    async def viewer(self, token: str) -> Viewer | None:
        """None when the bearer of the token may not listen. Errors: AccessUnknown."""
        sight = await self.authorise(token)
        return None if sight is None else Viewer(token, sight, self.authorise, self.look)

    async def viewer_of(self, ticket: str) -> Viewer | None:
        """The same for whoever brings a ticket, which is of no use from then on. Errors: AccessUnknown."""
        token = await self.take(ticket)
        return await self.viewer(token) if token else None
