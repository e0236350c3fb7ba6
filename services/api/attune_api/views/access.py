"""Identities, tokens, the datastore and secrets as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel


class WhoAmI(BaseModel):
    """`permissions`: everywhere; `packs`: beside them, on single packs. `kind`: `action` for an attempt of one."""

    login: str
    role: str
    kind: Literal["user", "service", "action"]
    permissions: list[str]
    packs: dict[str, list[str]]


class Identity(BaseModel):
    """`grants`: roles on packs, over the role everywhere. `has_password`: it can log in. `linked`: at the identity

    provider too, with the role that it has here.
    """

    login: str
    kind: str
    role: str
    label: str
    enabled: bool
    has_password: bool
    linked: bool
    grants: dict[str, str]
    created: datetime
    updated: datetime


class PackGrant(BaseModel):
    pack: str
    role: str
    created: datetime


class Token(BaseModel):
    """Never with its secret. `most` (a role) and `scopes` (permissions) cut the rights of its identity."""

    id: str
    login: str
    role: str
    kind: str
    label: str
    most: str | None
    scopes: list[str] | None
    expires: datetime | None
    revoked: datetime | None
    created: datetime


class NewToken(BaseModel):
    """`token` is shown this one time."""

    id: str
    token: str
    login: str
    role: str
    label: str
    expires: datetime | None
    created: datetime


class IdentityProvider(BaseModel):
    """Endpoints that the provider does not have are empty."""

    issuer: str
    client_id: str
    scopes: str
    token_endpoint: str
    device_authorization_endpoint: str


class KeyValue(BaseModel):
    """`version` changes with every change, and never comes back. `expires` null: it stays."""

    key: str
    value: Any
    version: int
    expires: datetime | None
    updated: datetime


class SecretInfo(BaseModel):
    """Everything but the value. `readers`: logins that alone may use it in runs. `master_key`: wraps its data key."""

    key: str
    description: str
    readers: list[str]
    version: int
    master_key: str
    created: datetime
    updated: datetime


class Revealed(BaseModel):
    key: str
    value: Any


class NotRotated(BaseModel):
    """A secret that stays as it is, and why."""

    key: str
    code: str
    message: str


class Rotation(BaseModel):
    """`master_key`: the first of the keys. `secrets`: how many it wraps since this request.

    `next`: where to go on, null when it is done. `wrapped_by`: how many secrets each key wraps now.
    """

    master_key: str
    secrets: int
    failed: list[NotRotated]
    next: str | None
    wrapped_by: dict[str, int]


class AuditEntry(BaseModel):
    """`position` and `hash`: its place in the chain, null for a moment after it was written."""

    id: int
    time: datetime
    login: str
    action: str
    subject: str
    outcome: str
    detail: dict[str, Any]
    request_id: str
    address: str
    position: int | None
    hash: str | None


class Broken(BaseModel):
    """`what`: changed, missing (the entry before it), relinked; beheaded (the first entries are gone, and the trail

    does not say that they were forgotten); unseen (an entry that was there before is not, or is another one).
    """

    position: int
    id: int
    what: str


class Verified(BaseModel):
    """`first`, `last`: the positions looked at; `head`: the hash of the last one, worth keeping elsewhere."""

    ok: bool
    entries: int
    first: int | None
    last: int | None
    head: str | None
    broken: list[Broken]
