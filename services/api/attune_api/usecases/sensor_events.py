"""What a sensor emits becomes events: a batch and the state that goes with it in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attune_api.usecases.lease_sensors import hold, not_yours, state_key
from attune_common.contracts.event import EventCreated
from attune_common.contracts.sensor import EmitAnswer, EmitRequest, Emitted, LogRequest, Verdict
from attune_common.runtime.random_ids import random_id
from attune_common.store import events, kv, sensor_leases, sensors, triggers
from attune_common.store.connection import Row
from attune_common.store.events import EventRow
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_common.vault.parameters import seal_payload
from attune_core.model import schema
from attune_core.model.names import pack_of


async def take_sensor_events(store: Store, vault: Vault, ref: str, request: EmitRequest) -> EmitAnswer:
    """A verdict for each event; one that is refused does not keep the others. Errors: Conflict `lease_lost`,

    SecretsUnavailable.
    """

    async def work(unit: Unit) -> EmitAnswer:
        row = await hold(unit, ref, request.token)
        known = await triggers.by_refs(unit, {one.trigger for one in request.events})
        if any(not trigger["pack_enabled"] and pack_of(name) == row["pack_ref"] for name, trigger in known.items()):
            raise not_yours(row["ref"])
        verdicts = [_refusal(one, row, known) for one in request.events]
        accepted = [one for one, refusal in zip(request.events, verdicts, strict=True) if refusal is None]
        stored = iter(await _store(unit, vault, ref, accepted, known))
        if request.state is not None:
            await kv.put(unit, state_key(row), request.state.value)
        await sensor_leases.count_events(unit, row["id"], len(accepted))
        return EmitAnswer(verdicts=[next(stored) if refusal is None else refusal for refusal in verdicts])

    return await store.retrying(work)


def _refusal(one: Emitted, sensor: Row, known: Mapping[str, Row]) -> Verdict | None:
    allowed = sensor["spec"].get("triggers")
    trigger = known.get(one.trigger)
    if one.trigger not in allowed if allowed else pack_of(one.trigger) != sensor["pack_ref"]:
        return _refused("trigger_not_allowed", f"{sensor['ref']} does not name the trigger {one.trigger}")
    if trigger is None:
        return _refused("trigger_not_found", f"there is no trigger {one.trigger}")
    if not trigger["enabled"]:
        return _refused("trigger_disabled", f"the trigger {one.trigger} is disabled")
    findings = schema.validate(trigger["payload_schema"], _filled(one, trigger))
    if findings:
        path, message = findings[0]
        return _refused("invalid_payload", f"payload{'.' if path else ''}{path}: {message}")
    return None


def _filled(one: Emitted, trigger: Row) -> Any:
    return schema.apply_defaults(trigger["payload_schema"], one.payload)


def _refused(code: str, message: str) -> Verdict:
    return Verdict(error={"code": code, "message": message})


async def _store(
    unit: Unit, vault: Vault, ref: str, accepted: Sequence[Emitted], known: Mapping[str, Row]
) -> list[Verdict]:
    source = {"kind": "sensor", "sensor": ref}
    rows = [_row(vault, one, known[one.trigger], source) for one in accepted]
    ids = await events.insert_many(unit, rows)
    for row, id in zip(rows, ids, strict=True):
        if id is not None:
            unit.emit(EventCreated(event_id=id, trigger_ref=row.trigger_ref, trace_id=row.trace_id))
    stored = await events.with_keys(unit, [row for row, id in zip(rows, ids, strict=True) if id is None])
    earlier = {(row["trigger_ref"], row["dedup_key"]): row["id"] for row in stored}
    return [
        Verdict(
            event=id if id is not None else earlier.get((row.trigger_ref, row.dedup_key or "")), repeated=id is None
        )
        for row, id in zip(rows, ids, strict=True)
    ]


def _row(vault: Vault, one: Emitted, trigger: Row, source: Mapping[str, str]) -> EventRow:
    payload, sealed = seal_payload(vault, trigger["payload_schema"], _filled(one, trigger))
    key = f"sensor:{source['sensor']}:{one.key}"
    return EventRow(one.trigger, payload, random_id(), source, key, sealed=sealed)


async def take_sensor_lines(store: Store, ref: str, request: LogRequest) -> None:
    """Keep what a sensor printed. Errors: Conflict `lease_lost`."""

    async def work(unit: Unit) -> None:
        row = await hold(unit, ref, request.token)
        lines = [(one.stream, one.time, one.line.replace("\0", "\N{REPLACEMENT CHARACTER}")) for one in request.lines]
        await sensors.add_lines(unit, row["id"], lines)

    await store.retrying(work)
