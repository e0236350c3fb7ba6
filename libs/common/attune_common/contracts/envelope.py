"""One wire message: a CloudEvents 1.0 batch, all of one type. Encoding, decoding and grouping."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from attune_common.contracts.base import Message
from attune_common.contracts.registry import REGISTRY, TYPE_OF, Exchange

CONTENT_TYPE = "application/cloudevents-batch+json"
MAX_BYTES = 1024 * 1024
"""A message that would be larger is divided, unless it is of one event."""


class UndecodableMessage(Exception):
    """The body is no CloudEvents batch of one known type and version: it belongs to the dead letters."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes on the bus as one message."""

    exchange: str
    routing_key: str
    body: bytes


def pack(messages: Iterable[tuple[Message, str]], source: str) -> list[Wire]:
    """Group `(message, pool)` pairs by type and pool, keep their order, as many in one wire message as may be.

    `pool` is "" for everything but jobs. `source` names the sending service, e.g. `attune/executor`.
    """
    groups: dict[tuple[str, str], list[Message]] = {}
    for message, pool in messages:
        groups.setdefault((TYPE_OF[type(message)], pool), []).append(message)
    return [
        wire
        for (kind, pool), members in groups.items()
        for start in range(0, len(members), REGISTRY[kind].most)
        for wire in _wires(kind, pool, members[start : start + REGISTRY[kind].most], source)
    ]


def _wires(kind: str, pool: str, members: Sequence[Message], source: str) -> list[Wire]:
    """One, or several when it would be too large."""
    wire = _wire(kind, pool, members, source)
    if len(wire.body) <= MAX_BYTES or len(members) == 1:
        return [wire]
    half = len(members) // 2
    return _wires(kind, pool, members[:half], source) + _wires(kind, pool, members[half:], source)


def _wire(kind: str, pool: str, members: Sequence[Message], source: str) -> Wire:
    contract, first = REGISTRY[kind], uuid.uuid4().hex
    shared = {
        "specversion": "1.0",
        "source": source,
        "type": kind,
        "time": datetime.now(UTC),
        "datacontenttype": "application/json",
    }
    batch = [{**shared, "id": f"{first}.{place}", "data": message.__dict__} for place, message in enumerate(members)]
    key = f"{kind}.{pool}" if contract.exchange is Exchange.EXECUTIONS else kind
    return Wire(contract.exchange.value, key, orjson.dumps(batch, default=_fields))


def _fields(value: object) -> dict[str, Any]:
    """A message within a message. Errors: TypeError for what JSON has no form for."""
    if isinstance(value, Message):
        return value.__dict__
    raise TypeError(f"{type(value).__name__} cannot be sent")


def unpack(body: bytes) -> list[Message]:
    """The messages of a wire body, in order. Errors: UndecodableMessage."""
    try:
        batch = orjson.loads(body)
        return [_decode(event) for event in batch]
    except UndecodableMessage:
        raise
    except Exception as problem:
        raise UndecodableMessage(str(problem)[:500]) from problem


def _decode(event: dict[str, Any]) -> Message:
    if event.get("specversion") != "1.0":
        raise UndecodableMessage(f"specversion {event.get('specversion')!r} is not known")
    contract = REGISTRY.get(event["type"])
    if contract is None:
        raise UndecodableMessage(f"type {event['type']!r} is not known")
    return contract.model.model_validate(event["data"])
