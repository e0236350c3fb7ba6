"""Logging in with a password. The answer and its time do not tell whether there is such an identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from attune_api.context import Context
from attune_api.errors import TooMany, Unauthenticated
from attune_common.store import audit, identities, logins, tokens
from attune_common.store.connection import Row
from attune_common.store.tokens import Terms, Token
from attune_common.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Session:
    token: Token
    login: str
    role: str
    expires: datetime
    created: datetime


async def log_in(context: Context, login: str, password: str, label: str) -> Session:
    """A session. Errors: Unauthenticated; TooMany after five failures within a minute, also with the right password."""
    audit.about(login)
    attempt = await reserve(context, login)
    async with context.store.connection() as connection:
        known = await logins.credentials(connection, login)
    kept = known["password"] if known is not None and known["enabled"] else None
    if not await context.passwords.fits(password, kept) or known is None:
        await tell_failure(context, "bad_login")
        raise Unauthenticated(
            "the login or the password is not right", code="bad_login", hint="look at both", headers={}
        )
    return await context.store.retrying(lambda unit: _begin(context, unit, known, attempt, label, password))


async def reserve(context: Context, login: str) -> int:
    """The attempt counts as a failure until it has succeeded. Errors: TooMany."""
    most = context.settings.login_failures

    async def work(unit: Unit) -> tuple[int | None, float]:
        return await logins.reserve(unit, login, most)

    with audit.nobody():
        attempt, wait = await context.store.retrying(work)
    if attempt is None:
        raise TooMany(
            f"{most} failed logins of {login} within a minute", code="too_many_failures", retry_after=wait,
            hint="wait a minute",
        )  # fmt: skip
    return attempt


async def _begin(context: Context, unit: Unit, known: Row, attempt: int, label: str, password: str) -> Session:
    token = tokens.make()
    expires = await unit.now() + timedelta(seconds=context.settings.session_seconds)
    row = await tokens.insert(unit, token, known["id"], Terms(label, expires, kind="session"))
    await logins.take_back(unit, attempt)
    if context.passwords.is_outdated(known["password"]):
        await identities.set_password(unit, known["id"], await context.passwords.hash(password))
    return Session(token, known["login"], known["role"], expires, row["created"])


async def tell_failure(context: Context, code: str) -> None:
    """A row of the trail of its own: nothing else is committed."""
    acting = audit.due()
    if acting is not None:
        acting.entry = audit.failed(acting.entry, code)
        async with context.store.unit():
            pass
