"""A name that is nearly right: the refusal names what was probably meant, of what the caller may see."""

from __future__ import annotations

from attune_api.auth import Principal
from attune_api.errors import NotFound
from attune_common.store import actions
from attune_common.store.store import Store
from attune_core.model.names import did_you_mean


async def explained(store: Store, caller: Principal, refused: NotFound, ref: str, *, workflows: bool) -> NotFound:
    """The refusal of the action `ref` with a better hint where there is one. `workflows`: only those count."""
    async with store.connection() as connection:
        known = await actions.refs(connection, caller.packs(library=True), workflows=workflows)
    return NotFound(refused.message, code=refused.code, hint=did_you_mean(ref, known, refused.hint))
