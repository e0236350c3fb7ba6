"""Requests that change something, for the audit trail: told with the change, or when they were refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response

from attune_api.auth import Principal
from attune_api.errors import Forbidden
from attune_common.store import audit
from attune_common.store.audit import Entry
from attune_common.store.store import Store

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def name_of(endpoint: Callable[..., Any]) -> str:
    """`rules.create`: the module and the function that answer."""
    return f"{endpoint.__module__.rpartition('.')[2]}.{endpoint.__name__}"


async def recorded(
    store: Store,
    request: Request,
    action: str,
    admit: Callable[[], Awaitable[Principal]],
    answer: Callable[[], Awaitable[Response]],
) -> Response:
    """Admit the caller and answer. What is committed meanwhile is the caller's; a refusal is told too.

    `action`: what it is called; "" for what is not told.
    """
    if request.method in _READS or not action:
        await admit()
        return await answer()
    try:
        caller = await admit()
    except Forbidden as refused:
        await _tell(store, entry(request, request.state.principal, action), refused)
        raise
    with audit.acting(entry(request, caller, action)) as acting:
        try:
            return await answer()
        except Forbidden as refused:
            await _tell(store, acting.entry, refused)
            raise


async def _tell(store: Store, told: Entry, refused: Forbidden) -> None:
    """With nothing else: what the request had begun is undone."""
    with audit.acting(audit.refused(told, refused.code)):
        async with store.unit():
            pass


def entry(request: Request, caller: Principal, action: str, **detail: Any) -> Entry:
    """What the request is, said by its address; the handler may name its subject better (`audit.about`)."""
    about = {name: str(value) for name, value in request.path_params.items()}
    if caller.execution is not None:
        detail["execution"] = caller.execution
    return Entry(
        action=action,
        subject="/".join(about.values()),
        detail=detail,
        identity=caller.id,
        login=caller.login,
        request_id=request.scope.get("attune.request_id", ""),
        address=request.client.host if request.client else "",
    )
