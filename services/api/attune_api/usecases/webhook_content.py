"""What a webhook says: its payload, and the headers that rules may look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from attune_api import jsonbody
from attune_api.errors import BadRequest, WrongMediaType
from attune_core.webhooks.delivery import Delivery
from attune_core.webhooks.schemes import TAKES_FORMS, Scheme

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1_000
_MOST_HEADERS, _LONGEST_HEADER = 30, 300
_SHOWN = re.compile(r"x-[a-z0-9-]+|user-agent|content-type|webhook-[a-z]+|idempotency-key")
_PRIVATE = re.compile(r"signature|token|secret|password|auth|cookie|api-?key|x-forwarded|x-real-ip|x-request-id")


def payload_of(scheme: Scheme, media_type: str, delivery: Delivery) -> Any:
    """JSON, or where senders of the scheme use them a form. Errors: WrongMediaType, BadRequest, Invalid."""
    if not delivery.body:
        return {}
    if media_type == FORM and scheme in TAKES_FORMS:
        return _form(delivery.body)
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise WrongMediaType(f"the content type {media_type} is not accepted", hint="send application/json")
    return jsonbody.parse(delivery.body)


def _form(body: bytes) -> Any:
    """The fields by name; when there is one called `payload`, the JSON in it."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, strict_parsing=True)
    except ValueError as problem:
        raise BadRequest(f"the form cannot be read: {problem}", code="bad_form") from problem
    fields = dict(pairs)
    if "payload" in fields:
        return jsonbody.parse(fields["payload"].encode("utf-8", "surrogatepass"))
    return jsonbody.parse(orjson.dumps(fields))


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The sender's own headers, as `event.source.headers`; nothing that proves anything or names a person."""
    wanted = {
        name: "".join(character for character in value[:_LONGEST_HEADER] if character.isprintable())
        for name, value in sorted(headers.items())
        if _SHOWN.fullmatch(name) and not _PRIVATE.search(name)
    }
    return dict(list(wanted.items())[:_MOST_HEADERS])
