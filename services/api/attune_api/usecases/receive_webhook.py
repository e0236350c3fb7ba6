"""A webhook came in: prove who sent it, once, and make an event of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attune_api.errors import Conflict, TooMany, Unauthenticated, Unavailable
from attune_api.usecases.record_event import Occurrence, store_event
from attune_api.usecases.webhook_content import payload_of, shown_headers
from attune_common.runtime import logging, tracing
from attune_common.store import rates, triggers, webhooks
from attune_common.store import secrets as stored_secrets
from attune_common.store.connection import Row
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_common.vault.errors import SecretDamaged, SecretsUnavailable
from attune_core.model.rate import counted, stored_rate, wait
from attune_core.packs.triggers import key_of
from attune_core.rules.paths import PathError, look_up, parse_path
from attune_core.webhooks.delivery import Delivery, Proof
from attune_core.webhooks.schemes import Scheme, dedup_of, scheme_of, verifier_of

_LONGEST_NUMBER = 200
_log = logging.get("attune.webhooks")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request to a webhook's address."""

    key: str
    media_type: str
    delivery: Delivery
    trace_id: str = field(default_factory=tracing.asked_trace)


@dataclass(frozen=True, slots=True)
class Received:
    """`event`: the new one, or for a repeat the one of the first time. `challenge`: no event, but this to answer."""

    event: int = 0
    repeated: bool = False
    challenge: str | None = None


class Replayed(Conflict):
    """The same signature once more."""

    code = "replayed"


async def receive_webhook(unit: Unit, vault: Vault, incoming: Incoming) -> Received:
    """Errors: Replayed, which undoes the unit; Unauthenticated (also for an unknown key), TooMany, Invalid,

    WrongMediaType, Unavailable (its secret cannot be opened), before anything was stored.
    """
    trigger = await triggers.by_webhook_key(unit, incoming.key)
    webhook: Mapping[str, Any] = (trigger["spec"].get("webhook") or {}) if trigger else {}
    kept = await _kept(unit, vault, trigger["ref"], _texts(webhook.get("secret_key"))) if trigger else []
    proof = _prove(trigger, webhook, incoming.delivery, kept)
    assert trigger is not None
    await _within_rate(unit, trigger, webhook)
    payload = payload_of(scheme_of(webhook), incoming.media_type, incoming.delivery)
    if scheme_of(webhook) is Scheme.SLACK and _is_challenge(payload):
        return Received(challenge=str(payload["challenge"]))
    return await _take(unit, vault, trigger, proof, Occurrence(
        trigger=trigger["ref"],
        payload=payload,
        source={"kind": "webhook", "key": incoming.key, "headers": shown_headers(incoming.delivery.headers)},
        dedup_key=_number(webhook, incoming.delivery, payload),
        trace_id=incoming.trace_id,
    ))  # fmt: skip


async def _within_rate(unit: Unit, trigger: Row, webhook: Mapping[str, Any]) -> None:
    """Counted are deliveries that were proved, over all APIs. Errors: TooMany."""
    rate = stored_rate(webhook.get("rate_limit"))
    if rate is None:
        return
    key, now = f"webhook:{trigger['id']}", (await unit.now()).timestamp()
    times = (await rates.lock(unit, [key]))[key]
    now = max(now, times[-1] if times else 0.0)
    if (seconds := wait(rate, times, now)) > 0:
        message = f"the webhook takes {rate}, and had as many"
        raise TooMany(message, retry_after=seconds, code="rate_limited", hint="send it again later")
    await rates.put(unit, {key: [*counted(rate, times, now), now]})


async def _kept(unit: Unit, vault: Vault, ref: str, names: Sequence[str]) -> list[str]:
    """The texts of secrets of the trigger's pack; of a list in one of them each. Errors: Unavailable."""
    if not names:
        return []
    sealed = await stored_secrets.sealed(unit, {key_of(ref, name) for name in names})
    try:
        values = [vault.open(one) for _, one in sorted(sealed.items())]
    except (SecretsUnavailable, SecretDamaged) as problem:
        raise Unavailable(problem.message, code=problem.code, hint=problem.hint, retry_after=30) from problem
    return [text for value in values for text in _texts(value)]


def _prove(trigger: Row | None, webhook: Mapping[str, Any], delivery: Delivery, kept: Sequence[str]) -> Proof:
    """The same work and answer whatever is wrong."""
    is_open = trigger is not None and scheme_of(webhook) is Scheme.NONE
    secrets = _secrets(webhook, kept)
    if trigger and not is_open and not secrets:
        _log.warning("webhook has no secret and accepts nothing", trigger=trigger["ref"])
    proof = verifier_of(webhook)(delivery, secrets or (os.urandom(32),))
    if trigger is None or (proof is None and not is_open):
        raise Unauthenticated(
            "the webhook's address or signature is not valid",
            code="bad_signature",
            hint="sign as the trigger's `signature` asks: see docs/reference/triggers.md",
            headers={},
        )
    return Proof() if is_open or proof is None else proof


def _secrets(webhook: Mapping[str, Any], kept: Sequence[str]) -> tuple[bytes, ...]:
    """Valid secrets (several during rotation), from the trigger's file, the secret store or the environment."""
    texts = [*_texts(webhook.get("secret")), *kept]
    texts += [os.environ.get(name, "") for name in _texts(webhook.get("secret_env"))]
    return tuple(text.encode() for text in texts if text)


def _texts(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [text for text in given if isinstance(text, str) and text]


def _is_challenge(payload: Any) -> bool:
    """Slack asks whether the address is ours before it sends anything."""
    return isinstance(payload, dict) and payload.get("type") == "url_verification" and "challenge" in payload


def _number(webhook: Mapping[str, Any], delivery: Delivery, payload: Any) -> str | None:
    """The sender's number of the delivery, None when it has none."""
    where = dedup_of(webhook)
    found: Any = delivery.header(where.header) if where.header else None
    if where.path:
        try:
            found = look_up({"event": {"payload": payload}}, parse_path(where.path))
        except PathError:
            found = None
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        return None
    return f"delivery:{str(found)[:_LONGEST_NUMBER]}"


async def _take(unit: Unit, vault: Vault, trigger: Row, proof: Proof, what: Occurrence) -> Received:
    try:
        event, is_new = await store_event(unit, vault, what, trigger["payload_schema"])
    except SecretsUnavailable as problem:
        raise Unavailable(problem.message, code=problem.code, hint=problem.hint, retry_after=30) from problem
    if proof.nonce:
        earlier = await webhooks.note(unit, trigger["id"], proof.nonce, event, proof.until)
        if earlier is not None and not (_is_redelivery(proof, is_new) and earlier == event):
            raise Replayed("this delivery was received before", hint="sign each delivery anew")
    return Received(event, repeated=not is_new)


def _is_redelivery(proof: Proof, is_new: bool) -> bool:
    """A sender that signs no time can only repeat itself word for word; the number tells that it is the same."""
    return proof.until is None and not is_new
