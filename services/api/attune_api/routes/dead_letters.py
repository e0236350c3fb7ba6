"""/dead-letters: messages that no service could handle. They may hold data of any pack: for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from attune_api import queries
from attune_api.auth import Caller
from attune_api.context import Context, Shared
from attune_api.errors import NotFound
from attune_api.names import Id
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases import close_dead_letters
from attune_api.views import troubles as views
from attune_common.store import dead_letters

routes = router("/api/v1/dead-letters", tag="dead letters")
_BY_ID = Keyset("dead-letters", ("id",), (int,))


@routes.get("", response_model=Page[views.DeadLetterSummary], summary="List dead letters, newest first")
@declares(Permission.ADMIN)
async def page(shared: Shared, query: Annotated[queries.DeadLetters, Query()]) -> Page[views.DeadLetterSummary]:
    return await _BY_ID.listed(
        shared.store, query,
        lambda connection, before, most: dead_letters.page(connection, before, query.filter(), most),
        views.dead_letter_summary,
    )  # fmt: skip


@routes.get("/{id}", response_model=views.DeadLetter, summary="One dead letter with what it says")
@declares(Permission.ADMIN, refusals=(404,))
async def one(shared: Shared, id: Id) -> views.DeadLetter:
    return await _read(shared, id)


@routes.post("/{id}/replay", response_model=views.DeadLetter, summary="Give it back to the queue that refused it")
@declares(Permission.ADMIN, refusals=(404, 409))
async def replay(shared: Shared, caller: Caller, id: Id) -> views.DeadLetter:
    """Once. What is refused again becomes a new dead letter. A job that nobody waits for any more is not replayed."""
    await close_dead_letters.replay(shared.store, shared.bus, caller, id)
    return await _read(shared, id)


@routes.post("/{id}/discard", response_model=views.DeadLetter, summary="Decide that nobody needs it")
@declares(Permission.ADMIN, refusals=(404, 409))
async def discard(shared: Shared, caller: Caller, id: Id) -> views.DeadLetter:
    await close_dead_letters.discard(shared.store, caller, id)
    return await _read(shared, id)


async def _read(shared: Context, letter: int) -> views.DeadLetter:
    async with shared.store.connection() as connection:
        row = await dead_letters.get(connection, letter, views.SHOWN_BYTES)
    if row is None:
        raise NotFound(f"there is no dead letter {letter}")
    return views.dead_letter(row)
