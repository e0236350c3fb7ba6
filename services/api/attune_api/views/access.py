"""Identities, tokens and the datastore as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class WhoAmI(BaseModel):
    login: str
    role: str
    permissions: list[str]


class Token(BaseModel):
    """Never with its secret."""

    id: str
    login: str
    role: str
    label: str
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


class KeyValue(BaseModel):
    """`version` changes with every change, and never comes back. `expires` null: it stays."""

    key: str
    value: Any
    version: int
    expires: datetime | None
    updated: datetime
