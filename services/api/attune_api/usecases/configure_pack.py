"""Setting the values that a pack's configuration schema asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_api.errors import Invalid, NotFound
from attune_common.store import packs
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.model import schema


async def configure_pack(store: Store, ref: str, config: Mapping[str, Any]) -> None:
    """Replace the pack's configuration. Errors: NotFound, Invalid."""

    async def work(unit: Unit) -> None:
        await packs.lock(unit, ref)
        pack = await packs.get(unit, ref)
        if pack is None:
            raise NotFound(f"there is no pack {ref!r}")
        filled = schema.apply_defaults(pack["conf_schema"], dict(config))
        findings = schema.validate(pack["conf_schema"], filled)
        if findings:
            raise Invalid.of_schema(findings, "body.config", "invalid_config")
        await packs.set_config(unit, ref, filled)

    await store.retrying(work)
