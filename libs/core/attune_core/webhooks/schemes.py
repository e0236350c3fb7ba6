"""The schemes by name: how a trigger's sender proves itself, and by what it numbers its deliveries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from attune_core.webhooks import signatures, tokens
from attune_core.webhooks.delivery import Verifier

HEADER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}\Z", re.ASCII)


class Scheme(StrEnum):
    ATTUNE = "attune"
    GITHUB = "github"
    GITLAB = "gitlab"
    SLACK = "slack"
    STRIPE = "stripe"
    TOKEN = "token"  # noqa: S105 (a scheme's name)
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Dedup:
    """Where the number of a delivery stands: in a header, or at a path of the payload. Neither: it has none."""

    header: str = ""
    path: str = ""


_DEDUP: Final[Mapping[Scheme, Dedup]] = {
    Scheme.GITHUB: Dedup(header="x-github-delivery"),
    Scheme.GITLAB: Dedup(header="idempotency-key"),
    Scheme.SLACK: Dedup(path="event_id"),
    Scheme.STRIPE: Dedup(path="id"),
}
TAKES_FORMS: Final = frozenset({Scheme.GITHUB, Scheme.SLACK})
"""Schemes whose senders may send a form; one with a field `payload` holds JSON in it."""


def scheme_of(webhook: Mapping[str, Any]) -> Scheme:
    """The scheme of a stored webhook; one that this version does not know accepts nobody."""
    name = webhook.get("signature", Scheme.ATTUNE.value)
    return Scheme(name) if name in set(Scheme) else Scheme.ATTUNE


def verifier_of(webhook: Mapping[str, Any]) -> Verifier:
    """For the scheme `none` that of the scheme `attune`, for the sake of the same work."""
    match scheme_of(webhook):
        case Scheme.GITHUB:
            return signatures.github
        case Scheme.GITLAB:
            return tokens.gitlab
        case Scheme.SLACK:
            return signatures.slack
        case Scheme.STRIPE:
            return signatures.stripe
        case Scheme.TOKEN:
            return tokens.in_header(str(webhook.get("header") or tokens.DEFAULT_HEADER))
        case Scheme.ATTUNE | Scheme.NONE:
            return signatures.attune


def dedup_of(webhook: Mapping[str, Any]) -> Dedup:
    """As the trigger says, else as the scheme's senders do it."""
    match webhook.get("dedup"):
        case {"header": str(name)}:
            return Dedup(header=name.lower())
        case {"path": str(path)}:
            return Dedup(path=path)
        case _:
            return _DEDUP.get(scheme_of(webhook), Dedup())
