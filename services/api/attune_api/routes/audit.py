"""/audit: who did what, and whether the trail is whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query, Response
from starlette.responses import StreamingResponse

from attune_api import queries
from attune_api.context import Context, Shared
from attune_api.errors import Invalid
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.usecases import verify_audit
from attune_api.usecases.verify_audit import Seen
from attune_api.views.access import AuditEntry, Verified
from attune_common.runtime import json
from attune_common.store import audit
from attune_common.store.connection import Row

routes = router("/api/v1/audit", tag="audit")
_BY_ID = Keyset("audit", ("id",), (int,))
_AT_ONCE = 1_000
_LINE = '{"position":17,"hash":"5f70bf18…","previous":"9f86d081…","login":"ada","action":"secret.read",…}\n'


@routes.get("", response_model=Page[AuditEntry], summary="Who did what, newest first")
@declares(Permission.ADMIN)
async def page(shared: Shared, query: Annotated[queries.Audit, Query()]) -> Page[AuditEntry]:
    return await _BY_ID.listed(
        shared.store, query,
        lambda connection, before, most: audit.page(connection, before, query.filter(), most),
        _view,
    )  # fmt: skip


@routes.get("/verify", response_model=Verified, summary="Is the trail whole and unchanged?")
@declares(Permission.ADMIN)
async def verify(
    shared: Shared,
    position: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    hash: Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$")] = None,
) -> Verified:
    """Keep `last` and `head` elsewhere: given as `position` and `hash` they show later that nothing was cut off."""
    if (position is None) != (hash is None):
        raise Invalid.at("query.hash" if hash is None else "query.position", "give both, or neither")
    seen = None if position is None or hash is None else Seen(position, hash)
    return await verify_audit.verify(shared.store, seen)


@routes.get("/export", response_class=Response, summary="The whole trail, one JSON document a line",
            responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}, "example": _LINE}}}},
            )  # fmt: skip
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
