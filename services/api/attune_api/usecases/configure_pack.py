"""Setting the values that a pack's configuration schema asks for; those that it calls secret are sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from attune_api.context import Context
from attune_api.errors import Invalid, NotFound
from attune_api.usecases.register_pack import given_config
from attune_api.views.secrets import MASK
from attune_common.store import packs, secrets, sensors
from attune_common.store.connection import Row
from attune_common.store.secrets import Owned
from attune_common.store.unit import Unit
from attune_common.vault.parameters import places, seal_config
from attune_core.expressions.markers import decode
from attune_core.expressions.secrets import Secret
from attune_core.model.names import did_you_mean
from attune_core.model.sealing import Path, put
from attune_core.packs.environments import effective
from attune_core.workflow.inputs import checked

Finding = tuple[str, str]
"""Where in the settings, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to set and what to forget; `whole`: nothing else stays set."""

    values: Mapping[str, Any]
    unset: Sequence[str] = ()
    whole: bool = False


async def configure_pack(context: Context, ref: str, change: Change) -> None:
    """Change the pack's configuration. The mask in the place of a secret keeps it as it is.

    Errors: NotFound, Invalid, SecretsUnavailable.
    """

    async def work(unit: Unit) -> None:
        await packs.lock(unit, ref)
        pack = await packs.get(unit, ref)
        if pack is None:
            raise NotFound(f"there is no pack {ref!r}")
        _check_names(pack, change)
        before = decode(pack["config"], pack["config_secrets"])
        values = _keeping(pack["conf_schema"], dict(change.values), before)
        base = _base(pack, context.settings.environment)
        if change.whole:
            given = {name: value for name, value in values.items() if name not in base or base[name] != value}
        else:
            given = {**given_config(pack), **values}
            given = {name: value for name, value in given.items() if name not in change.unset}
        await _store(unit, context, pack, given)

    await context.store.retrying(work)


async def follow_environment(context: Context) -> list[str]:
    """Packs that were configured for another environment get the settings of this one; their refs."""
    async with context.store.connection() as connection:
        refs = await packs.of_other_environment(connection, context.settings.environment)
    for ref in refs:
        await context.store.retrying(partial(_follow, context=context, ref=ref))
    return refs


async def _follow(unit: Unit, context: Context, ref: str) -> None:
    await packs.lock(unit, ref)
    pack = await packs.get(unit, ref)
    if pack is not None:
        await _store(unit, context, pack, given_config(pack), strict=False)


async def _store(unit: Unit, context: Context, pack: Row, given: Mapping[str, Any], *, strict: bool = True) -> None:
    """`strict`: refuse what the schema refuses. The pack's sensors begin anew with other settings.

    What was wrong before and still is does not count: settings that are required may be set one by one.
    """
    environment, conf_schema = context.settings.environment, pack["conf_schema"]
    filled, findings = _checked(pack, environment, given)
    if strict and (new := _new(pack, environment, given, findings)):
        raise Invalid.of_schema(new, "body.config", "invalid_config")
    config, sealed = seal_config(context.vault, pack["ref"], conf_schema, filled)
    await packs.set_config(unit, pack["ref"], config, list(given), environment)
    await secrets.insert(unit, [Owned(one, pack=pack["id"]) for one in sealed])
    await secrets.delete_other_config(unit, pack["id"], sorted(_keys(config)))
    if sealed or config != decode(pack["config"], pack["config_secrets"]):
        await sensors.restart_all(unit, pack["id"])


def _new(pack: Row, environment: str, given: Mapping[str, Any], findings: Iterable[Finding]) -> list[Finding]:
    """Those that were not there before, or are of what is set now."""
    before = given_config(pack)
    known = _checked(pack, environment, before)[1]
    touched = {name for name, value in given.items() if name not in before or before[name] != value}
    return [one for one in findings if one not in known or one[0].partition(".")[0] in touched]


def _checked(pack: Row, environment: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    conf_schema = pack["conf_schema"]
    return checked(conf_schema, effective(conf_schema, pack["environments"].get(environment, {}), given))


def _base(pack: Row, environment: str) -> dict[str, Any]:
    """What holds where nobody sets anything."""
    return effective(pack["conf_schema"], pack["environments"].get(environment, {}), {})


def _check_names(pack: Row, change: Change) -> None:
    """Errors: Invalid with every setting that the pack does not have."""
    known = sorted((pack["conf_schema"] or {}).get("properties", {}))
    wrong = [name for name in (*change.values, *change.unset) if name not in known]
    if not wrong or not _is_closed(pack["conf_schema"]):
        return
    places = [
        {"path": f"body.config.{name}", "message": f"the pack has no setting {name!r}",
         "hint": did_you_mean(name, known, f"settings: {', '.join(known) or 'none'}")}
        for name in wrong
    ]  # fmt: skip
    raise Invalid(places[0]["message"], code="invalid_config", hint=places[0]["hint"], errors=places)


def _is_closed(conf_schema: Mapping[str, Any] | None) -> bool:
    return conf_schema is None or conf_schema.get("additionalProperties") is False


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
