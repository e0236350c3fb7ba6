"""Removing a pack with everything it brought."""

from __future__ import annotations

from attune_api.errors import Conflict, NotFound
from attune_api.usecases.register_pack import CORE
from attune_api.usecases.save_workflow import refuse_live
from attune_common.store import packs
from attune_common.store.store import Store
from attune_common.store.unit import Unit


async def remove_pack(store: Store, ref: str) -> None:
    """Errors: NotFound; Conflict for the core pack and while executions of the pack are live."""
    if ref == CORE:
        raise Conflict("the core pack cannot be removed", code="core_pack")

    async def work(unit: Unit) -> None:
        await packs.lock(unit, ref)
        refuse_live(await packs.live_executions(unit, ref), f"the pack {ref!r}")
        if not await packs.delete(unit, ref):
            raise NotFound(f"there is no pack {ref!r}")

    await store.retrying(work)
