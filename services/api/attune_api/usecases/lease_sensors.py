"""Sensor services ask for sensors: each gets its share, keeps what it runs, and tells how that fares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from attune_api.errors import Conflict
from attune_api.usecases.open_secrets import open_in
from attune_common.contracts.sensor import LEASE_LOST, Grant, Held, LeaseAnswer, LeaseRequest, Start
from attune_common.runtime import json
from attune_common.runtime.settings import Settings
from attune_common.store import internal_events, kv, sensor_leases
from attune_common.store.connection import Row
from attune_common.store.internal_events import SENSOR_FAILED, Happening
from attune_common.store.sensor_leases import Report
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_core.expressions.render import ExpressionError
from attune_core.packs.sensors import render_sensor_parameters
from attune_core.workflow.inputs import stored


async def lease_sensors(store: Store, settings: Settings, request: LeaseRequest) -> LeaseAnswer:
    """Keep the service's leases, give it more when it has less than its share."""

    async def work(unit: Unit) -> LeaseAnswer:
        await sensor_leases.release(unit, request.service, request.released)
        await _take_reports(unit, request)
        if request.stopping:
            await sensor_leases.gone(unit, request.service)
        else:
            await sensor_leases.seen(unit, request.service, request.slots)
        return await _grant(unit, settings.sensor_lease_seconds, request)

    return await store.retrying(work)


async def _grant(unit: Unit, seconds: float, request: LeaseRequest) -> LeaseAnswer:
    await sensor_leases.renew(unit, request.service, [held.token for held in request.held], seconds)
    release: list[str] = []
    if not request.stopping:
        room = await sensor_leases.room(unit, request.service, seconds)
        most = min(room.share, request.slots)
        await sensor_leases.take(unit, request.service, most - room.held, seconds)
        if room.services > 1 or room.held > request.slots:
            release = [held.token for held in request.held][most:]
    rows = await sensor_leases.held(unit, request.service)
    grants = [
        Grant(ref=row["ref"], token=row["token"], revision=revision_of(row), tenure=row["tenure"]) for row in rows
    ]
    return LeaseAnswer(lease_seconds=seconds, sensors=grants, release=release)


async def _take_reports(unit: Unit, request: LeaseRequest) -> None:
    by_token = {held.token: held for held in request.held}
    for row in await sensor_leases.report(unit, request.service, [_report(held) for held in request.held]):
        if row["failed"]:
            held = by_token[row["token"]]
            await internal_events.tell(unit, _failed(row["ref"], request.service, held))


def _report(held: Held) -> Report:
    return Report(
        held.token, held.status, held.started_at, held.failures, held.error, held.retry, held.reported
    )  # fmt: skip


def _failed(ref: str, service: str, held: Held) -> Happening:
    payload = {
        "sensor": ref,
        "error": held.error or {},
        "failures": held.failures,
        "service": service,
        "retry_seconds": held.retry,
    }
    return Happening(SENSOR_FAILED, payload, dedup_key=f"{ref}:{held.token}:{held.reported}")


def revision_of(row: Mapping[str, Any] | Row) -> str:
    """Changes with whatever the running sensor was started with, and with every restart that was asked for."""
    basis = [row[name] for name in ("digest", "runtime", "entry_point", "spec", "config", "restarts")]
    return hashlib.sha256(json.dumps(basis)).hexdigest()[:32]


async def hold(unit: Unit, ref: str, token: str) -> Row:
    """The sensor, locked. Errors: Conflict `lease_lost` when the token is not current."""
    row = await sensor_leases.holding(unit, ref, token)
    if row is None:
        raise not_yours(ref)
    return row


def not_yours(ref: str) -> Conflict:
    """Also while its pack is disabled: what it said waits for the next lease, and its state with it."""
    return Conflict(f"the sensor {ref!r} is not yours (any more)", code=LEASE_LOST, hint="stop it, ask again")


def state_key(row: Row) -> str:
    """Where in the datastore the sensor's state is."""
    return f"pack:{row['pack_ref']}/sensors/{row['ref'].partition('.')[2]}"


async def start_sensor(store: Store, vault: Vault, ref: str, token: str) -> Start:
    """What is needed to start it now. Errors: Conflict `lease_lost`, SecretsUnavailable."""
    async with store.unit() as unit:
        row = await hold(unit, ref, token)
        kept = await kv.get(unit, state_key(row))
        spec, config = row["spec"], stored(row["config"], row["config_secrets"])
        parameters, problem = _parameters(spec.get("parameters") or {}, config)
        opened = await open_in(unit, vault, parameters)
    return Start(
        ref=ref,
        revision=revision_of(row),
        pack_ref=row["pack_ref"],
        pack_digest=row["digest"],
        runtime=row["runtime"],
        entry_point=row["entry_point"],
        poll=spec.get("poll"),
        poll_timeout=spec.get("poll_timeout"),
        triggers=spec.get("triggers") or [],
        parameters=opened.value,
        hide=opened.hide,
        env=spec.get("env") or {},
        state=None if kept is None else kept["value"],
        problem=problem,
    )


def _parameters(
    parameters: Mapping[str, Any], config: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    try:
        return render_sensor_parameters(parameters, config), None
    except ExpressionError as problem:
        message = f"its parameters cannot be rendered: {problem.message}"
        return {}, {"type": problem.code, "message": message, "hint": problem.hint}
