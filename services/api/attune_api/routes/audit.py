"""/audit: who did what, and whether the trail is whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import AwareDatetime
from starlette.responses import StreamingResponse

from attune_api.context import Context, Shared
from attune_api.paging import Cursor, Keyset, Limit, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases import verify_audit
from attune_api.views.access import AuditEntry, Verified
from attune_common.runtime import json
from attune_common.store import audit
from attune_common.store.audit import Filter
from attune_common.store.connection import Row

routes = router("/api/v1/audit", tag="audit")
_BY_ID = Keyset("audit", ("id",), (int,))
_AT_ONCE = 1_000

Text = Annotated[str | None, Query(max_length=300, pattern=r"^[^\x00]+$")]
Outcome = Annotated[Literal["done", "refused", "failed"] | None, Query()]


@routes.get("", response_model=Page[AuditEntry], summary="Who did what, newest first")
@declares(Permission.ADMIN)
async def page(
    shared: Shared,
    login: Text = None,
    action: Text = None,
    subject: Text = None,
    outcome: Outcome = None,
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AuditEntry]:
    """`action=secret` finds `secret.read`, `secret.put` and so on."""
    after = _BY_ID.after(cursor)
    wanted = Filter(login, action, subject, outcome, since, until)
    async with shared.store.connection() as connection:
        rows = await audit.page(connection, after[0] if after else None, wanted, limit + 1)
    shown, following = _BY_ID.page(rows, limit)
    return Page(items=[_view(row) for row in shown], next=following)


@routes.get("/verify", response_model=Verified, summary="Is the trail whole and unchanged?")
@declares(Permission.ADMIN)
async def verify(shared: Shared) -> Verified:
    """Keep `last` and `head` elsewhere: they show later that nothing at the end was cut off."""
    return await verify_audit.verify(shared.store)


@routes.get("/export", response_class=Response, summary="The whole trail, one JSON document a line",
            responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}})  # fmt: skip
@declares(Permission.ADMIN)
async def export(
    shared: Shared, after: Annotated[int, Query(ge=0, lt=2**63, description="Positions above this one.")] = 0
) -> Response:
    """In the order of the chain, each with the hash before it: `attune audit verify --file` checks it offline."""
    await verify_audit.chain_all(shared.store)
    return StreamingResponse(_lines(shared, after), media_type="application/x-ndjson")


async def _lines(shared: Context, after: int) -> AsyncIterator[bytes]:
    while True:
        async with shared.store.connection() as connection:
            rows = await audit.chained(connection, after, _AT_ONCE)
        for row in rows:
            after = row["position"]
            yield json.dumps(dict(row)) + b"\n"
        if len(rows) < _AT_ONCE:
            return


def _view(row: Row) -> AuditEntry:
    names = (name for name in AuditEntry.model_fields if name != "detail")
    return AuditEntry(**{name: row[name] for name in names}, detail=json.loads(row["detail"]))
