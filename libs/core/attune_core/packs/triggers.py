"""`triggers/*.yaml`: what can happen, and how it is told."""

from __future__ import annotations

from typing import Any

from attune_core.access.keys import BadKey, KeyScope, parse_key
from attune_core.definition.composer import kind_of
from attune_core.definition.fields import Fields
from attune_core.definition.workflow import read_schema
from attune_core.model.trigger import TriggerKind, TriggerSpec
from attune_core.packs.keys import DEDUP, MOST_SECRETS, TRIGGER, WEBHOOK, WEBHOOK_KEY
from attune_core.packs.reading import PackFile, json_map, one_key, read_rate, read_ref, stem_of
from attune_core.rules.paths import PathError, parse_path
from attune_core.timers.reading import read_timer
from attune_core.webhooks.schemes import HEADER_NAME, Scheme

_PLACES = ("secret", "secret_key", "secret_env")
"""Where the secret of a webhook may stand."""


def read_trigger(opened: PackFile, pack: str) -> TriggerSpec:
    fields = opened.fields
    fields.only(TRIGGER)
    ref = read_ref(fields, pack, "trigger", stem_of(opened.file))
    kind = _kind(fields)
    webhook = _webhook(fields, ref) if kind is TriggerKind.WEBHOOK else None
    return TriggerSpec(
        ref=ref,
        label=fields.text("label") or ref,
        description=fields.text("description"),
        kind=kind,
        param_schema=read_schema(fields, "parameters"),
        payload_schema=read_schema(fields, one_key(fields, "payload", "payload_schema"), closed=False),
        spec=_spec(fields, webhook),
        webhook_key=webhook["key"] if webhook is not None else None,
        enabled=fields.flag("enabled", True),
    )


def _kind(fields: Fields) -> TriggerKind:
    implied = TriggerKind.WEBHOOK if fields.has("webhook") else TriggerKind.EVENT
    kind = fields.choice("kind", TriggerKind, TriggerKind.TIMER if fields.has("timer") else implied)
    for key, needed in (("webhook", TriggerKind.WEBHOOK), ("timer", TriggerKind.TIMER)):
        if fields.has(key) and kind is not needed:
            message = f"`{key}` needs `kind: {needed.value}`"
            fields.findings.error(fields.at(key), "wrong_kind", message, f"write `kind: {needed.value}`", on_key=True)
    return kind


def _spec(fields: Fields, webhook: dict[str, Any] | None) -> dict[str, Any]:
    spec: dict[str, Any] = {} if webhook is None else {"webhook": webhook}
    if fields.mapping("timer") is None:
        return spec
    check_timer(fields, "timer")
    return {**spec, "timer": {key: value for key, value in json_map(fields, "timer").items() if value is not None}}


def check_timer(fields: Fields, key: str) -> None:
    """What is wrong with the timer under the key becomes findings; an absent one counts as empty."""
    root = fields.at(key) if fields.has(key) else ()
    for fault in read_timer(json_map(fields, key))[1]:
        path = (*root, fault.key) if fault.key else root
        fields.findings.error(path, fault.code, fault.message, fault.hint, on_key=fault.on_key)


def _webhook(fields: Fields, ref: str) -> dict[str, Any]:
    webhook = fields.child("webhook", WEBHOOK) or Fields({}, fields.at("webhook"), fields.findings)
    key = webhook.matching("key", WEBHOOK_KEY, "invalid_name", "a key: letters, digits, dot, _ and -") or ref
    signature = webhook.choice("signature", Scheme, Scheme.ATTUNE)
    found: dict[str, Any] = {"key": key, "signature": signature.value, **_header(webhook, signature)}
    if (rate := read_rate(webhook)) is not None:
        found["rate_limit"] = dict(rate)
    if webhook.has("dedup"):
        found["dedup"] = _dedup(webhook)
    for name in _PLACES:
        if webhook.has(name):
            found[name] = _secrets(webhook, name)
    _check_keys(webhook, ref, found.get("secret_key"))
    if signature is not Scheme.NONE and not any(webhook.has(name) for name in _PLACES):
        message = "the webhook has no secret, so it accepts nothing"
        hint = "write `webhook: {secret_key: NAME}`, or `signature: none` to accept everyone"
        fields.findings.warning(webhook.path, "no_webhook_secret", message, hint, on_key=True)
    return found


def _header(webhook: Fields, signature: Scheme) -> dict[str, str]:
    if not webhook.has("header"):
        return {}
    if signature is not Scheme.TOKEN:
        message = "`header` is only for the signature token"
        webhook.findings.error(webhook.at("header"), "unknown_key", message, "remove it", on_key=True)
    name = webhook.matching("header", HEADER_NAME, "invalid_name", "the name of a header")
    return {} if name is None else {"header": name}


def _dedup(webhook: Fields) -> dict[str, str]:
    """`{header: NAME}` or `{path: PATH}`."""
    dedup = webhook.child("dedup", DEDUP)
    if dedup is None:
        return {}
    if dedup.has("header") == dedup.has("path"):
        message, hint = "`dedup` takes `header` or `path`", "such as `dedup: {header: X-Request-Id}`"
        webhook.findings.error(dedup.path, "wrong_type", message, hint)
    if dedup.has("header"):
        name = dedup.matching("header", HEADER_NAME, "invalid_name", "the name of a header")
        return {"header": name or ""}
    path = dedup.text("path")
    try:
        parse_path(path)
    except PathError as problem:
        dedup.findings.error(dedup.at("path"), "invalid_path", str(problem), "such as `event.id`")
    return {"path": path}


def _check_keys(webhook: Fields, ref: str, names: str | list[str] | None) -> None:
    for name in [names] if isinstance(names, str) else names or []:
        try:
            parse_key(key_of(ref, name))
        except BadKey as problem:
            webhook.findings.error(webhook.at("secret_key"), problem.code, problem.message, problem.hint)


def key_of(ref: str, name: str) -> str:
    """The key of a secret that a trigger names: one of its own pack."""
    return f"{KeyScope.PACK}:{ref.partition('.')[0]}/{name}"


def _secrets(webhook: Fields, name: str) -> str | list[str]:
    """One, or two while the secret is being changed."""
    raw = webhook.get(name)
    if isinstance(raw, str) and raw:
        return raw
    if isinstance(raw, list) and 0 < len(raw) <= MOST_SECRETS and all(isinstance(text, str) and text for text in raw):
        return list(raw)
    shape = kind_of(raw) if not isinstance(raw, list | str) else "what is written"
    webhook.findings.error(webhook.at(name), "wrong_type", f"`{name}` must be text or a list of two, not {shape}")
    return []
