"""Looking for executions by the text of their inputs: pages of what is found, in bounded work."""

from __future__ import annotations

from dataclasses import replace

from attune_api.paging import Keyset
from attune_common.store import execution_views
from attune_common.store.connection import Connection, Row
from attune_common.store.execution_views import Filter

LOOKED_AT_ONCE = 20_000
BY_ID = Keyset("executions", ("id",), (int,))


async def page(
    connection: Connection, filter_: Filter, holding: str | None, cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """The rows of a page and the cursor of the next. Errors: Invalid."""
    after = BY_ID.after(cursor)
    before = after[0] if after else None
    if holding is None:
        rows = await execution_views.page(connection, before, filter_, limit + 1)
        return BY_ID.page(rows, limit)
    looked = await execution_views.holding(connection, before, filter_, holding, LOOKED_AT_ONCE)
    rows = await execution_views.page(connection, before, replace(filter_, ids=looked.found), limit + 1)
    shown, following = BY_ID.page(rows, limit)
    if following is None and looked.more and looked.last is not None:
        following = BY_ID.cursor({"id": looked.last})
    return shown, following
