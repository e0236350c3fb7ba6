"""A webhook came in: prove who sent it, once, and make an event of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attune_api import jsonbody
from attune_api.errors import Conflict, Unauthenticated, WrongMediaType
from attune_api.signatures import matching
from attune_api.usecases.record_event import Occurrence, store_event
from attune_common.runtime import logging
from attune_common.store import triggers
from attune_common.store.connection import Row
from attune_common.store.store import Store

_log = logging.get("attune.webhooks")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request to a webhook's address. `signature`: the header X-Attune-Signature. `now`: unix seconds."""

    key: str
    body: bytes
    media_type: str
    signature: str
    user_agent: str
    now: float


async def receive_webhook(store: Store, incoming: Incoming, tolerance: float) -> int:
    """The event's id. Errors: Unauthenticated (also for an unknown key), Conflict for a replay, Invalid."""
    async with store.unit() as unit:
        trigger = await triggers.by_webhook_key(unit, incoming.key)
        signature = _prove(trigger, incoming, tolerance)
        assert trigger is not None
        what = Occurrence(
            trigger=trigger["ref"],
            payload=_payload(incoming),
            source={"kind": "webhook", "key": incoming.key, "user_agent": incoming.user_agent},
            dedup_key=f"signature:{signature}" if signature else None,
        )
        event, is_new = await store_event(unit, what, trigger["payload_schema"])
        if not is_new:
            raise Conflict("this delivery was received before", code="replayed", hint="sign each delivery anew")
        return event


def _prove(trigger: Row | None, incoming: Incoming, tolerance: float) -> str:
    """The signature that fits, "" for a trigger that asks for none. The same work and answer whatever is wrong."""
    webhook: Mapping[str, Any] = (trigger["spec"].get("webhook") or {}) if trigger else {}
    is_open = trigger is not None and webhook.get("signature") == "none"
    secrets = _secrets(webhook)
    if trigger and not is_open and not secrets:
        _log.warning("webhook has no secret and accepts nothing", trigger=trigger["ref"])
    found = matching(incoming.signature, incoming.body, secrets or (os.urandom(32),), incoming.now, tolerance)
    if trigger is None or (found is None and not is_open):
        raise Unauthenticated(
            "the webhook's address or signature is not valid",
            code="bad_signature",
            hint="sign as `X-Attune-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>`",
            headers={},
        )
    return "" if is_open else found or ""


def _secrets(webhook: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Up to two valid secrets (during rotation), from the trigger's file or the environment."""
    texts = _texts(webhook.get("secret"))
    texts += [os.environ.get(name, "") for name in _texts(webhook.get("secret_env"))]
    return tuple(text.encode() for text in texts if text)


def _texts(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [text for text in given if isinstance(text, str) and text]


def _payload(incoming: Incoming) -> Any:
    if not incoming.body:
        return {}
    kind = incoming.media_type
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise WrongMediaType(f"the content type {kind} is not accepted", hint="send application/json")
    return jsonbody.parse(incoming.body)
