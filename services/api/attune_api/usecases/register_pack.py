"""Registering a pack: everything it brings, in one transaction, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from attune_api.context import Context
from attune_api.errors import Conflict
from attune_api.packfiles.archives import canonical
from attune_api.packfiles.collected import Files
from attune_api.usecases import bundle_rows
from attune_api.usecases.known_actions import installed
from attune_common.store import actions, audit, internal_events, packs, rules, secrets, sensors, triggers, workflows
from attune_common.store.connection import Row
from attune_common.store.errors import is_unique_violation
from attune_common.store.internal_events import PACK_REGISTERED, Happening
from attune_common.store.packs import PackRow
from attune_common.store.secrets import Owned
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Sealed, Vault
from attune_common.vault.parameters import seal_config
from attune_core.definition.known import Known
from attune_core.errors import Problem
from attune_core.expressions.markers import decode
from attune_core.model.action import ActionSpec
from attune_core.packs.bundle import Bundle, read_bundle

CORE = "core"
Outcome = Literal["created", "updated", "unchanged"]


Reader = Callable[[], Files]


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
) -> Registration:
    """Read the files, check them against what is installed, store all of it. `owner`: whom its rules act for.

    `is_shipped`: it came with this code, so it may be the core pack. `allowed`: raises for a pack that is not to be.
    Errors: BadArchive, DefinitionError, Conflict when something of it belongs to another pack.
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
    return await _register(context, bundle, archive, owner)


def _prepare(read: Reader, known: Known) -> tuple[Bundle, bytes]:
    """The checked bundle and its canonical archive; takes a while and awaits nothing."""
    files = read()
    return read_bundle(files, known), canonical(files)


async def _register(context: Context, bundle: Bundle, archive: bytes, owner: int | None) -> Registration:
    async def work(unit: Unit) -> Registration:
        return await register_bundle(unit, context.vault, bundle, archive, owner)

    try:
        return await context.store.retrying(work)
    except Exception as problem:
        if is_unique_violation(problem, "trigger_webhook_key_key"):
            raise Conflict("a webhook key of this pack belongs to another", code="webhook_key_taken") from problem
        raise


async def register_bundle(
    unit: Unit, vault: Vault, bundle: Bundle, archive: bytes, owner: int | None = None
) -> Registration:
    """Store a checked bundle with its archive. `owner` is the identity that its rules act for."""
    ref = bundle.manifest.ref
    await packs.lock(unit, ref)
    before = await packs.get(unit, ref)
    if before is not None and before["digest"] == bundle.digest:
        return Registration(ref, "unchanged", bundle.warnings)
    config = decode(before["config"], before["config_secrets"]) if before is not None else {}
    row, sealed = _sealed(vault, bundle_rows.pack_row(bundle, config))
    stored = await packs.put(unit, row, archive)
    await secrets.insert(unit, [Owned(one, pack=stored["id"]) for one in sealed])
    await _replace(unit, stored["id"], bundle, owner)
    outcome: Outcome = "updated" if before is not None else "created"
    await internal_events.tell(unit, _registered(stored, before, outcome))
    return Registration(ref, outcome, bundle.warnings)


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
