"""Linking a login at the identity provider with an identity that is here already: whoever can prove to be both.

The password is asked for although there is a token: a token that was stolen must not open a way in for ever.
"""

from __future__ import annotations

from attune_api.auth import Principal
from attune_api.context import Context
from attune_api.errors import Conflict, Forbidden
from attune_api.oidc import tokens as oidc_tokens
from attune_api.usecases.keep_identities import locked
from attune_api.usecases.log_in import reserve
from attune_api.usecases.log_in_oidc import provider_of
from attune_common.store import audit, identities, logins
from attune_common.store.unit import Unit


async def link_oidc(context: Context, caller: Principal, token: str, password: str) -> None:
    """Errors: NotFound, BadToken, NoRole, ProviderAway, Forbidden, Conflict, TooMany."""
    if caller.is_action:
        raise Forbidden("an action has no login", hint="attune login, then link")
    claimed = await oidc_tokens.read(provider_of(context), context.settings, token)
    audit.about(caller.login, provider=claimed.subject)
    attempt = await reserve(context, caller.login)
    async with context.store.connection() as connection:
        known = await logins.credentials(connection, caller.login)
    if not await context.passwords.fits(password, known["password"] if known is not None else None):
        hint = "who has no password gets one from an administrator: attune identity password LOGIN"
        raise Forbidden("the password is not right", code="bad_password", hint=hint)

    async def work(unit: Unit) -> None:
        row = await locked(unit, caller.login)
        if not await identities.link(unit, row["id"], claimed.subject):
            hint = "an administrator removes the other one first: attune identity list"
            raise Conflict("this login of the provider is another identity here", code="subject_taken", hint=hint)
        await logins.take_back(unit, attempt)

    await context.store.retrying(work)


async def unlink_oidc(context: Context, login: str) -> None:
    """Errors: NotFound, Conflict."""

    async def work(unit: Unit) -> None:
        row = await locked(unit, login)
        if not await identities.unlink(unit, row["id"]):
            hint = "who came from the provider is removed as a whole: attune identity delete LOGIN"
            raise Conflict(f"{login!r} was not linked", code="not_linked", hint=hint)

    await context.store.retrying(work)
