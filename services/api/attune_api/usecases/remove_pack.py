"""Taking a pack out of use: disabled, archived, or removed with everything it brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attune_api.errors import Conflict, NotFound
from attune_api.usecases.register_pack import CORE
from attune_common.store import packs
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.definition.compile import compile_graph
from attune_core.errors import AttuneError
from attune_core.model.dependency import read_dependency
from attune_core.model.names import pack_of

Place = Mapping[str, str]


async def remove_pack(store: Store, ref: str) -> None:
    """Errors: NotFound; Conflict for the core pack, and with all that still uses the pack."""

    async def work(unit: Unit) -> None:
        await _found(unit, ref)
        _refuse_used(ref, [*await _live(unit, ref), *await _users(unit, ref)])
        await packs.delete(unit, ref)

    await store.retrying(work)


async def archive_pack(store: Store, ref: str) -> None:
    """Nothing of it starts any more and lists leave it out; its history stays. Errors: NotFound, Conflict."""
    await _set(store, ref, enabled=False, archived=True)


async def disable_pack(store: Store, ref: str) -> None:
    """Its rules, timers, webhooks and sensors stop, and its actions are refused. Errors: NotFound, Conflict."""
    await _set(store, ref, enabled=False)


async def enable_pack(store: Store, ref: str) -> None:
    """Errors: NotFound."""
    await _set(store, ref, enabled=True)


async def _set(store: Store, ref: str, *, enabled: bool, archived: bool = False) -> None:
    async def work(unit: Unit) -> None:
        await _found(unit, ref)
        await packs.set_enabled(unit, ref, enabled, archived=archived)

    await store.retrying(work)


async def _found(unit: Unit, ref: str) -> Row:
    if ref == CORE:
        raise Conflict("the core pack always stays in use", code="core_pack")
    await packs.lock(unit, ref)
    row = await packs.get(unit, ref)
    if row is None:
        raise NotFound(f"there is no pack {ref!r}")
    return row


def _refuse_used(ref: str, places: list[Place]) -> None:
    if not places:
        return
    things = "1 thing" if len(places) == 1 else f"{len(places)} things"
    hint = f"change them, or take it out of use with `attune pack remove {ref} --archive`"
    raise Conflict(f"the pack {ref!r} is used by {things}", code="pack_in_use", hint=hint, errors=places)


async def _live(unit: Unit, ref: str) -> list[Place]:
    return [
        {
            "path": f"/api/v1/executions/{row['id']}",
            "message": f"execution {row['id']} of {row['action_ref']} is {row['status']}",
            "hint": "cancel it or wait",
        }
        for row in await packs.live_executions(unit, ref)
    ]


async def _users(unit: Unit, ref: str) -> list[Place]:
    found = [_place("packs", other, f"the pack {other} depends on it") for other in await _dependents(unit, ref)]
    found += [_place(f"{use.kind}s", use.ref, f"the {use.kind} {use.ref} names {use.what}")
              for use in await packs.uses(unit, ref)]  # fmt: skip
    for row in await packs.callers(unit, ref):
        called = ", ".join(sorted(set(_called(row["definition"], ref))))
        if called:
            found.append(_place("workflows", row["ref"], f"the workflow {row['ref']} calls {called}"))
    return found


async def _dependents(unit: Unit, ref: str) -> list[str]:
    found = []
    for row in await packs.needs(unit, ref):
        written = [read_dependency(text) for text in row["dependencies"] or [] if isinstance(text, str)]
        if row["archived"] is None and any(one is not None and one.ref == ref for one in written):
            found.append(row["ref"])
    return found


def _called(definition: dict[str, Any], pack: str) -> Iterator[str]:
    """The actions of the pack that the workflow's tasks run."""
    try:
        graph = compile_graph(definition)
    except AttuneError:
        return
    for task in graph.tasks.values():
        if task.action and pack_of(task.action) == pack:
            yield task.action


def _place(kind: str, ref: str, message: str) -> Place:
    return {"path": f"/api/v1/{kind}/{ref}", "message": message, "hint": ""}
