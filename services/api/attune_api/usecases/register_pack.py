"""Registering a pack: everything it brings, in one transaction, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from attune_api.context import Context
from attune_api.errors import Conflict
from attune_api.packfiles.archives import canonical
from attune_api.packfiles.collected import Files
from attune_api.usecases import bundle_rows
from attune_api.usecases.known_actions import installed
from attune_common.store import (
    actions,
    audit,
    internal_events,
    packs,
    policies,
    rules,
    secrets,
    sensors,
    triggers,
    workflows,
)
from attune_common.store.connection import Row
from attune_common.store.errors import is_unique_violation
from attune_common.store.internal_events import PACK_REGISTERED, Happening
from attune_common.store.packs import PackRow
from attune_common.store.secrets import Owned
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Sealed, Vault
from attune_common.vault.parameters import seal_config
from attune_core.definition.known import Known
from attune_core.errors import Problem, Severity
from attune_core.expressions.markers import decode
from attune_core.model.action import ActionSpec
from attune_core.model.dependency import Dependency, circle, order_of, read_dependency
from attune_core.model.pack import PackManifest
from attune_core.packs.bundle import Bundle, read_bundle
from attune_core.workflow.inputs import checked

CORE = "core"
Outcome = Literal["created", "updated", "downgraded", "unchanged"]


Reader = Callable[[], Files]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A checked pack that is to be stored. `owner` is the identity that its rules act for."""

    bundle: Bundle
    archive: bytes
    owner: int | None = None
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registration:
    """`warnings` also name actions that nobody has registered yet."""

    ref: str
    outcome: Outcome
    warnings: tuple[Problem, ...]


async def read_and_register(
    context: Context,
    read: Reader,
    owner: int | None,
    *,
    is_shipped: bool = False,
    allowed: Callable[[str], None] | None = None,
    source: Mapping[str, Any] | None = None,
) -> Registration:
    """Read the files, check them against what is installed, store all of it. `owner`: whom its rules act for.

    `is_shipped`: it came with this code, so it may be the core pack. `allowed`: raises for a pack that is not to be.
    `source`: where it came from. Errors: BadArchive, DefinitionError, Conflict when something of it belongs to another
    pack, or when other packs need another version.
    """
    async with context.store.connection() as connection:
        known = await installed(connection)
    async with context.unpacking:
        bundle, archive = await asyncio.to_thread(_prepare, read, known)
    if bundle.manifest.ref == CORE and not is_shipped:
        raise Conflict("the core pack comes with Attune and is not replaced", code="core_pack", hint="rename yours")
    if allowed is not None:
        allowed(bundle.manifest.ref)
    audit.about(bundle.manifest.ref, version=bundle.manifest.version)
    return await _register(context, Arrival(bundle, archive, owner, source or {"kind": "upload"}))


def _prepare(read: Reader, known: Known) -> tuple[Bundle, bytes]:
    """The checked bundle and its canonical archive; takes a while and awaits nothing."""
    files = read()
    return read_bundle(files, known), canonical(files)


async def _register(context: Context, arrival: Arrival) -> Registration:
    async def work(unit: Unit) -> Registration:
        return await register_bundle(unit, context.vault, arrival, context.settings.environment)

    try:
        return await context.store.retrying(work)
    except Exception as problem:
        if is_unique_violation(problem, "trigger_webhook_key_key"):
            raise Conflict("a webhook key of this pack belongs to another", code="webhook_key_taken") from problem
        raise


async def register_bundle(unit: Unit, vault: Vault, arrival: Arrival, environment: str = "") -> Registration:
    """Store a checked bundle with its archive, with the settings of that environment."""
    bundle, ref = arrival.bundle, arrival.bundle.manifest.ref
    await packs.lock(unit, ref)
    before = await packs.get(unit, ref)
    if before is not None and before["digest"] == bundle.digest and before["archived"] is None:
        return Registration(ref, "unchanged", bundle.warnings)
    others = await packs.needs(unit, ref)
    refuse_breaking(others, ref, bundle.manifest.version)
    _refuse_circle(others, bundle.manifest)
    row, sealed = _sealed(vault, bundle_rows.pack_row(bundle, given_config(before), environment, arrival.source))
    stored = await packs.put(unit, row, arrival.archive)
    await secrets.insert(unit, [Owned(one, pack=stored["id"]) for one in sealed])
    await _replace(unit, stored["id"], bundle, arrival.owner)
    await packs.keep_version(unit, stored["id"], row)
    outcome = _outcome(before, bundle.manifest.version)
    await internal_events.tell(unit, _registered(stored, before, outcome))
    return Registration(ref, outcome, (*bundle.warnings, *_unfit(row)))


def given_config(pack: Row | None) -> dict[str, Any]:
    """What somebody has set of the pack's configuration."""
    if pack is None:
        return {}
    config = decode(pack["config"], pack["config_secrets"])
    return {name: config[name] for name in pack["config_set"] if name in config}


def refuse_breaking(others: Sequence[Row], ref: str, version: str) -> None:
    """`others`: all other packs. Errors: Conflict with every one that needs another version of this one."""
    places = []
    for row in others:
        for needed in _needs(row):
            if row["archived"] is None and needed.ref == ref and not needed.allows(version):
                message = f"the pack {row['ref']} needs {needed}"
                places.append({"path": f"/api/v1/packs/{row['ref']}", "message": message, "hint": ""})
    if places:
        message = f"{places[0]['message']}, and this is {version}"
        raise Conflict(message, code="breaks_dependents", hint="register fitting versions of them first", errors=places)


def _refuse_circle(others: Sequence[Row], pack: PackManifest) -> None:
    """Packs that need each other could never be removed again."""
    needs = {row["ref"]: _needs(row) for row in others if row["archived"] is None}
    way = circle({**needs, pack.ref: pack.dependencies}, pack.ref)
    if way:
        message = f"packs need each other: {' needs '.join(way)}"
        raise Conflict(message, code="circular_dependency", hint="move what both need into a pack of its own")


def _needs(row: Row) -> list[Dependency]:
    read = (read_dependency(text) for text in row["dependencies"] or [] if isinstance(text, str))
    return [one for one in read if one is not None]


def _outcome(before: Row | None, version: str) -> Outcome:
    if before is None:
        return "created"
    return "downgraded" if order_of(version) < order_of(before["version"]) else "updated"


def _unfit(row: PackRow) -> tuple[Problem, ...]:
    """Settings that are missing, or that an earlier version allowed: somebody has to set them."""
    _, findings = checked(row.conf_schema, dict(row.config))
    hint = f"attune pack config set {row.ref} -p NAME=VALUE"
    return tuple(
        Problem("pack.yaml", 0, 0, "invalid_config", f"config {path}: {message}", hint, path, Severity.WARNING)
        for path, message in findings
    )


def _sealed(vault: Vault, row: PackRow) -> tuple[PackRow, list[Sealed]]:
    config, sealed = seal_config(vault, row.ref, row.conf_schema, dict(row.config))
    return replace(row, config=config), sealed


def _registered(stored: Row, before: Row | None, outcome: Outcome) -> Happening:
    payload = {
        "pack": stored["ref"],
        "version": stored["version"],
        "previous_version": before["version"] if before is not None else None,
        "digest": stored["digest"],
        "outcome": outcome,
    }
    return Happening(PACK_REGISTERED, payload)


async def _replace(unit: Unit, pack: int, bundle: Bundle, owner: int | None) -> None:
    """What vanished goes first, so that its names and webhook keys are free."""
    ref = bundle.manifest.ref
    await rules.delete_others(unit, pack, [rule.ref for rule in bundle.rules])
    await policies.delete_others(unit, pack, [policy.ref for policy in bundle.policies])
    await sensors.delete_others(unit, pack, [sensor.ref for sensor in bundle.sensors])
    await triggers.delete_others(unit, pack, [trigger.ref for trigger in bundle.triggers])
    await actions.delete_others(unit, pack, bundle_rows.action_refs(bundle))
    refs = [workflow.ref for workflow in bundle.workflows]
    await workflows.delete_others(unit, pack, refs)
    await actions.delete_leaves(unit, pack, refs)
    await _store_workflows(unit, pack, bundle)
    for action in bundle_rows.action_rows(bundle):
        _claimed(await actions.put(unit, pack, ref, action), "action", action.ref)
    for trigger in bundle_rows.trigger_rows(bundle):
        _claimed(await triggers.put(unit, pack, ref, trigger), "trigger", trigger.ref)
    for sensor in bundle_rows.sensor_rows(bundle):
        _claimed(await sensors.put(unit, pack, ref, sensor), "sensor", sensor.ref)
    for policy in bundle_rows.policy_rows(bundle):
        _claimed(await policies.put(unit, pack, ref, policy), "policy", policy.ref)
    for rule in bundle_rows.rule_rows(bundle, owner):
        _claimed(await rules.put(unit, pack, ref, rule), "rule", rule.ref)


async def _store_workflows(unit: Unit, pack: int, bundle: Bundle) -> None:
    for workflow in bundle.workflows:
        written = bundle_rows.written_workflow(bundle, workflow.ref)
        await store_workflow(unit, pack, bundle.manifest.ref, bundle_rows.workflow_row(workflow), written)


async def store_workflow(
    unit: Unit, pack: int, pack_ref: str, row: workflows.WorkflowRow, written: ActionSpec | None = None
) -> None:
    """A definition, its version and the synthetic action that makes it invokable like any other."""
    stored = await workflows.put(unit, pack, pack_ref, row)
    _claimed(stored is not None, "workflow", row.ref)
    action = bundle_rows.synthetic_action(row, stored or 0, written)
    _claimed(await actions.put(unit, pack, pack_ref, action), "action", action.ref)


def _claimed(is_ours: bool, kind: str, ref: str) -> None:
    if not is_ours:
        raise Conflict(f"the ref of the {kind} {ref!r} is taken", code="ref_taken", hint="rename it")
