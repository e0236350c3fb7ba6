"""Bearer tokens `att_<id>_<secret>`: made, kept as a hash, compared in constant time, revoked at once.

The attempt of an action has one of its own, `att_exec-<execution>_<token of the attempt>`, kept nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from attune_common.store import queries
from attune_common.store.connection import Connection, Row

_SQL = queries.load("tokens")
_FORM = re.compile(r"att_([A-Za-z0-9-]{4,64})_([A-Za-z0-9_-]{16,256})\Z")
_EXECUTION = re.compile(r"exec-([1-9][0-9]{0,17})\Z")
_NOBODY = hashlib.sha256(b"nobody").digest()


@dataclass(frozen=True, slots=True)
class Token:
    """`id` is public, `secret` is not shown."""

    id: str
    secret: str = field(repr=False)

    @property
    def hash(self) -> bytes:
        """A plain hash is enough: the secret has 256 bits of entropy."""
        return hashlib.sha256(self.secret.encode()).digest()

    @property
    def execution(self) -> int | None:
        """The execution whose current attempt this token is for."""
        found = _EXECUTION.match(self.id)
        return int(found[1]) if found else None

    @property
    def text(self) -> str:
        return f"att_{self.id}_{self.secret}"


def make() -> Token:
    """A new token; its text is shown once, to whoever asked for it."""
    return Token(secrets.token_hex(8), secrets.token_urlsafe(32))


def parse(text: str) -> Token | None:
    """The token that the text spells; None when it spells none."""
    found = _FORM.match(text)
    return Token(found[1], found[2]) if found else None


async def identify(connection: Connection, wanted: Sequence[Token]) -> list[Row | None]:
    """For each token that is valid now its identity (id, login, role, grants); the same work for one that is unknown.

    `most` (a role) and `scopes` (permissions) cut its rights, unless None. The token of a running attempt stands for
    its run's identity; all are None when it has none.
    """
    found: dict[str | int, Row] = {}
    if ids := [token.id for token in wanted if token.execution is None]:
        found |= {row["token"]: row for row in await connection.fetch(_SQL.identify, ids)}
    if executions := [token.execution for token in wanted if token.execution is not None]:
        found |= {row["execution"]: row for row in await connection.fetch(_SQL.identify_execution, executions)}
    return [_matching(token, found.get(token.execution or token.id)) for token in wanted]


def _matching(token: Token, row: Row | None) -> Row | None:
    kept = bytes(row["hash"]) if row else _NOBODY
    return row if hmac.compare_digest(kept, token.hash) else None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token is for. `kind`: token or session. `role` and `scopes` cut the identity's rights, unless None."""

    label: str = ""
    expires: datetime | None = None
    kind: str = "token"
    role: str | None = None
    scopes: Sequence[str] | None = None


async def insert(unit: Connection, token: Token, identity: int, terms: Terms) -> Row:
    """The new row's id and created."""
    scopes = None if terms.scopes is None else list(terms.scopes)
    row = await unit.fetchrow(
        _SQL.insert, token.id, identity, token.hash, terms.label, terms.expires, terms.kind, terms.role, scopes
    )
    assert row is not None
    return row


async def insert_ticket(unit: Connection, ticket: Token, of: str, seconds: float) -> datetime | None:
    """A ticket to listen with, once, as the bearer of the token `of` may; when it ends. None: there is no such token.

    It opens nothing else: see `take_ticket`.
    """
    expires: datetime | None = await unit.fetchval(_SQL.insert_ticket, ticket.id, ticket.hash, of, seconds)
    return expires


async def take_ticket(unit: Connection, ticket: Token, secret: str, seconds: float) -> Token | None:
    """The token that the ticket is from now on, with a new secret: nobody can take it again. None when it is none."""
    token = Token(ticket.id, secret)
    taken = await unit.execute(_SQL.take_ticket, ticket.id, ticket.hash, token.hash, seconds)
    return token if taken else None


async def ensure(unit: Connection, token: Token, identity: int, label: str) -> None:
    """Make this very token valid (again), for the tokens that an operator configures."""
    await unit.execute(_SQL.ensure, token.id, identity, token.hash, label)


async def page(
    connection: Connection, after: str | None, identity: int | None, login: str | None, limit: int
) -> list[Row]:
    """By id; those of one identity when it is named."""
    return await connection.fetch(_SQL.page, after, identity, login, limit)


async def get(connection: Connection, token_id: str) -> Row | None:
    """`role` and `scopes` of one token."""
    return await connection.fetchrow(_SQL.get, token_id)


async def revoke(unit: Connection, token_id: str, identity: int | None = None) -> bool:
    """False when there is no such token (of that identity, when it is named)."""
    return await unit.execute(_SQL.revoke, token_id, identity) > 0


async def revoke_sessions(unit: Connection, identity: int, but: str | None = None) -> None:
    """End the identity's sessions, all but the one named."""
    await unit.execute(_SQL.revoke_sessions, identity, but)


async def sweep_sessions(unit: Connection, most: int) -> int:
    """Remove sessions that ended more than a day ago."""
    return await unit.execute(_SQL.sweep_sessions, most)
