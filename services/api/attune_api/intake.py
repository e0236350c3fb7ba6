"""Events that arrive at the same time are stored in one transaction: a burst costs a commit for many, not for each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from attune_api.errors import Conflict, Invalid, NotFound
from attune_api.together import Together
from attune_common.contracts.event import EventCreated
from attune_common.runtime import tracing
from attune_common.store import audit, events, internal_events
from attune_common.store.audit import Acting
from attune_common.store.connection import Row
from attune_common.store.events import EventRow, Opening
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_common.vault.errors import SecretsUnavailable
from attune_common.vault.parameters import seal_payload
from attune_core.errors import AttuneError
from attune_core.expressions.markers import encode
from attune_core.model import schema


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What happened: `dedup_key` None means every occurrence counts. `execution`: the one whose action tells it."""

    trigger: str
    payload: Any
    source: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str | None = None
    execution: int | None = None
    trace_id: str = field(default_factory=tracing.asked_trace)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The stored event as a row of columns; of a repeat the one of the first time."""

    row: Mapping[str, Any]
    is_new: bool


Outcome = Recorded | Exception


@dataclass(frozen=True, slots=True)
class _Asked:
    """An occurrence with the request that tells of it, for the audit trail."""

    what: Occurrence
    acting: Acting | None


class Intake:
    """Errors of `record`: NotFound, Conflict, Invalid, SecretsUnavailable, and those of the database."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._together = Together(self._record_together)

    async def record(self, what: Occurrence) -> Recorded:
        """Return after the commit."""
        return await self._together.ask(_Asked(what, audit.due()))

    async def record_all(self, batch: Sequence[Occurrence]) -> list[Recorded | AttuneError]:
        """All of them, in order; a refusal in the place of one that is refused. Errors: those of the database."""
        found = await asyncio.gather(*map(self.record, batch), return_exceptions=True)
        for outcome in found:
            if isinstance(outcome, BaseException) and not isinstance(outcome, AttuneError):
                raise outcome
        return [outcome for outcome in found if isinstance(outcome, Recorded | AttuneError)]

    async def _record_together(self, asked: Sequence[_Asked]) -> list[Outcome]:
        outcomes = await self._store.retrying(lambda unit: _record(unit, self._vault, asked), late=True)
        for acting in _requests(asked):
            acting.written = True
        return outcomes


def _requests(batch: Sequence[_Asked]) -> list[Acting]:
    """Those that the audit trail does not know yet, each once."""
    found = {id(asked.acting): asked.acting for asked in batch if asked.acting is not None}
    return [acting for acting in found.values() if not acting.written]


async def _record(unit: Unit, vault: Vault, asked: Sequence[_Asked]) -> list[Outcome]:
    batch = [one.what for one in asked]
    for acting in _requests(asked):
        unit.record(acting.entry)
    opening = await events.opening(unit, {what.trigger for what in batch}, len(batch))
    origins = await internal_events.origins(unit, {what.execution for what in batch if what.execution is not None})
    outcomes: list[Outcome | None] = [None] * len(batch)
    rows: dict[int, EventRow] = {}
    for place, what in enumerate(batch):
        try:
            rows[place] = _row(vault, what, opening.triggers.get(what.trigger), origins.get(what.execution or 0))
        except (NotFound, Conflict, Invalid, SecretsUnavailable) as refused:
            outcomes[place] = refused
    for place, recorded in zip(rows, await _store(unit, list(rows.values()), opening), strict=True):
        outcomes[place] = recorded
    return [outcome for outcome in outcomes if outcome is not None]


def _row(vault: Vault, what: Occurrence, trigger: Row | None, origin: Row | None) -> EventRow:
    """Errors: NotFound, Conflict, Invalid, SecretsUnavailable."""
    if trigger is None:
        raise NotFound(f"there is no trigger {what.trigger!r}", code="trigger_not_found")
    if not trigger["enabled"]:
        raise Conflict(f"the trigger {what.trigger!r} is disabled", code="trigger_disabled")
    wanted = trigger["payload_schema"]
    payload, sealed = seal_payload(vault, wanted, checked_payload(wanted, what.payload))
    trace, depth = (what.trace_id, 0) if origin is None else (origin["trace_id"], origin["depth"])
    return EventRow(what.trigger, payload, trace, what.source, what.dedup_key, depth, sealed)


def checked_payload(payload_schema: Mapping[str, Any] | None, given: Any) -> Any:
    """With the schema's defaults. Errors: Invalid when it is not as the trigger says."""
    payload = schema.apply_defaults(payload_schema, given)
    findings = schema.validate(payload_schema, payload)
    if findings:
        raise Invalid.of_schema(findings, "payload", "invalid_payload")
    return payload


async def _store(unit: Unit, rows: Sequence[EventRow], opening: Opening) -> list[Recorded]:
    keyed = iter(await _once(unit, [row for row in rows if row.dedup_key is not None]))
    new = [row for row in rows if row.dedup_key is None]
    ids = opening.ids[: len(new)]
    await events.insert_new(unit, ids, new, opening.now)
    fresh = iter([_new(unit, id, row, opening.now) for id, row in zip(ids, new, strict=True)])
    return [next(fresh if row.dedup_key is None else keyed) for row in rows]


async def _once(unit: Unit, rows: Sequence[EventRow]) -> list[Recorded]:
    """Those with a deduplication key, as they are or were stored."""
    if not rows:
        return []
    ids, now = await events.insert_many(unit, rows), await unit.now()
    repeats = [row for row, id in zip(rows, ids, strict=True) if id is None]
    earlier = {(row["trigger_ref"], row["dedup_key"]): row for row in await events.with_keys(unit, repeats)}
    return [
        _new(unit, id, row, now)
        if id is not None
        else Recorded(dict(earlier[(row.trigger_ref, row.dedup_key)].items()), False)
        for row, id in zip(rows, ids, strict=True)
    ]


def _new(unit: Unit, id: int, row: EventRow, now: datetime) -> Recorded:
    unit.emit(EventCreated(event_id=id, trigger_ref=row.trigger_ref, trace_id=row.trace_id))
    return Recorded(_columns(id, row, now), True)


def _columns(id: int, row: EventRow, now: datetime) -> dict[str, Any]:
    """A new event as it stands in the table."""
    payload, places = encode(row.payload)
    return {
        "id": id,
        "trigger_ref": row.trigger_ref,
        "payload": payload,
        "secrets": places or None,
        "source": dict(row.source),
        "trace_id": row.trace_id,
        "depth": row.depth,
        "matched": False,
        "created": now,
    }
