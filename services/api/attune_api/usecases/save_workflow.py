"""Making and changing one workflow of a pack through the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from attune_api.errors import Conflict, Invalid, NotFound
from attune_api.usecases import bundle_rows
from attune_api.usecases.known_actions import installed
from attune_api.usecases.register_pack import store_workflow
from attune_common.store import audit, packs, workflows
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.definition.known import Known
from attune_core.definition.parse import ParsedWorkflow, parse_definition, parse_workflow

FILE = "workflow.yaml"
Source = Callable[[Known], ParsedWorkflow]


def from_text(text: bytes) -> Source:
    """A definition as YAML."""
    return lambda known: parse_workflow(text, FILE, known)


def from_json(definition: dict[str, Any]) -> Source:
    """A definition as JSON."""
    return lambda known: parse_definition(definition, known)


async def create_workflow(store: Store, pack_ref: str, source: Source) -> ParsedWorkflow:
    """Errors: NotFound (the pack), DefinitionError, Invalid (of another pack), Conflict (exists)."""
    await _pack(store, pack_ref)
    parsed = await _parse(store, source)
    if parsed.ref.partition(".")[0] != pack_ref:
        raise Invalid.at("ref", f"{parsed.ref!r} is no workflow of the pack {pack_ref!r}", hint=f"{pack_ref}.name")

    async def work(unit: Unit) -> None:
        await packs.lock(unit, pack_ref)
        pack = await packs.get(unit, pack_ref)
        if pack is None:
            raise _missing_pack(pack_ref)
        if await workflows.get(unit, parsed.ref) is not None:
            raise Conflict(f"there is a workflow {parsed.ref!r} already", code="ref_taken", hint="change it with PUT")
        row = bundle_rows.workflow_row(parsed, from_pack=False)
        await store_workflow(unit, pack["id"], pack_ref, row)
        audit.about(parsed.ref)

    await store.retrying(work)
    return parsed


async def update_workflow(store: Store, ref: str, source: Source) -> ParsedWorkflow:
    """Runs in flight keep the definition they started with. Errors: NotFound, DefinitionError, Invalid."""
    parsed = await _parse(store, source)
    if parsed.ref != ref:
        raise Invalid.at("ref", f"the definition is of {parsed.ref!r}, the address of {ref!r}", hint="make them equal")

    async def work(unit: Unit) -> None:
        pack_ref = ref.partition(".")[0]
        await packs.lock(unit, pack_ref)
        pack = await packs.get(unit, pack_ref)
        if pack is None or await workflows.get(unit, ref) is None:
            raise NotFound(f"there is no workflow {ref!r}")
        row = bundle_rows.workflow_row(parsed, from_pack=False)
        await store_workflow(unit, pack["id"], pack_ref, row)

    await store.retrying(work)
    return parsed


async def delete_workflow(store: Store, ref: str) -> None:
    """Errors: NotFound; Conflict while executions of it are live."""

    async def work(unit: Unit) -> None:
        await packs.lock(unit, ref.partition(".")[0])
        refuse_live(await workflows.live_runs(unit, ref), f"the workflow {ref!r}")
        if not await workflows.delete(unit, ref):
            raise NotFound(f"there is no workflow {ref!r}")

    await store.retrying(work)


def refuse_live(live: list[Row], what: str) -> None:
    """Errors: Conflict naming the executions that have not ended."""
    if not live:
        return
    places = [
        {
            "path": f"/api/v1/executions/{row['id']}",
            "message": f"execution {row['id']} of {row['action_ref']} is {row['status']}",
            "hint": "cancel it or wait",
        }
        for row in live
    ]
    count = f"{len(live)}{'+' if len(live) >= 50 else ''}"
    raise Conflict(f"{what} has {count} live execution(s)", code="live_executions", errors=places)


async def _parse(store: Store, source: Source) -> ParsedWorkflow:
    async with store.connection() as connection:
        known = await installed(connection)
    return await asyncio.to_thread(source, known)


async def _pack(store: Store, ref: str) -> None:
    async with store.connection() as connection:
        if await packs.get(connection, ref) is None:
            raise _missing_pack(ref)


def _missing_pack(ref: str) -> NotFound:
    return NotFound(f"there is no pack {ref!r}")
