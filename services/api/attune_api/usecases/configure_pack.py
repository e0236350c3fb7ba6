"""Setting the values that a pack's configuration schema asks for; those that it calls secret are sealed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_api.errors import Invalid, NotFound
from attune_api.views.secrets import MASK
from attune_common.store import packs, secrets, sensors
from attune_common.store.secrets import Owned
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_common.vault.parameters import places, seal_config
from attune_core.expressions.markers import decode
from attune_core.expressions.secrets import Secret
from attune_core.model.sealing import Path, put
from attune_core.workflow.inputs import checked


async def configure_pack(store: Store, vault: Vault, ref: str, config: Mapping[str, Any]) -> None:
    """Replace the pack's configuration. The mask in the place of a secret keeps it as it is.

    Errors: NotFound, Invalid, SecretsUnavailable.
    """

    async def work(unit: Unit) -> None:
        await packs.lock(unit, ref)
        pack = await packs.get(unit, ref)
        if pack is None:
            raise NotFound(f"there is no pack {ref!r}")
        kept = _keeping(pack["conf_schema"], dict(config), decode(pack["config"], pack["config_secrets"]))
        filled, findings = checked(pack["conf_schema"], kept)
        if findings:
            raise Invalid.of_schema(findings, "body.config", "invalid_config")
        sealed_config, sealed = seal_config(vault, ref, pack["conf_schema"], filled)
        await packs.set_config(unit, ref, sealed_config)
        await secrets.insert(unit, [Owned(one, pack=pack["id"]) for one in sealed])
        await secrets.delete_other_config(unit, pack["id"], sorted(_keys(sealed_config)))
        if sealed:
            await sensors.restart_all(unit, pack["id"])

    await store.retrying(work)


def _keeping(schema: Mapping[str, Any] | None, given: dict[str, Any], present: Any) -> dict[str, Any]:
    """What a client has got masked and sends back is what it was."""
    found: Any = given
    for path in places(schema, given):
        before = _at(present, path)
        if isinstance(before, Secret) and _at(given, path) == MASK:
            found = put(found, path, before)
    return dict(found)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def _keys(value: Any) -> set[str]:
    if isinstance(value, Secret):
        return set(value.keys)
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return set[str]().union(*map(_keys, members))
