"""Logging in with a token of the identity provider: the identity is made at the first time, its role kept up to date.

An identity is found by the provider's own name for it, never by its login: whoever may choose a name at the provider
does not become the local identity of that name. Who can log in as that one links the two (`link_oidc`); it then keeps
the role that it has here.
"""

from __future__ import annotations

from datetime import timedelta

from attune_api.context import Context
from attune_api.errors import Forbidden, NotFound, Unauthenticated
from attune_api.oidc import tokens as oidc_tokens
from attune_api.oidc.errors import BadToken, NoRole
from attune_api.oidc.provider import Provider
from attune_api.oidc.tokens import Claimed
from attune_api.usecases.log_in import Session, tell_failure
from attune_common.store import audit, identities, tokens
from attune_common.store.connection import Row
from attune_common.store.tokens import Terms
from attune_common.store.unit import Unit


def provider_of(context: Context) -> Provider:
    """Errors: NotFound."""
    if context.oidc is None:
        hint = "log in with a password: attune login; the setting is ATTUNE_OIDC_ISSUER"
        raise NotFound("this platform has no identity provider", code="oidc_off", hint=hint)
    return context.oidc


async def log_in_oidc(context: Context, token: str, label: str) -> Session:
    """A session. Errors: NotFound, BadToken, NoRole, Forbidden, Unauthenticated, ProviderAway."""
    provider = provider_of(context)
    try:
        claimed = await oidc_tokens.read(provider, context.settings, token)
    except (BadToken, NoRole) as refused:
        await tell_failure(context, refused.code)
        raise
    audit.about(claimed.login)
    return await context.store.retrying(lambda unit: _begin(context, unit, claimed, label))


async def _begin(context: Context, unit: Unit, claimed: Claimed, label: str) -> Session:
    known = await _known(unit, claimed)
    audit.about(known["login"], provider=claimed.subject)
    if not known["enabled"]:
        raise Unauthenticated(f"{known['login']} is disabled", code="disabled", headers={}, hint="ask an administrator")
    role = known["role"] if known["linked"] else claimed.role.value
    if not known["linked"]:
        await identities.update(unit, known["id"], role, claimed.label, enabled=True)
    token = tokens.make()
    expires = await unit.now() + timedelta(seconds=context.settings.session_seconds)
    row = await tokens.insert(unit, token, known["id"], Terms(label, expires, kind="session"))
    return Session(token, known["login"], role, expires, row["created"])


async def _known(unit: Unit, claimed: Claimed) -> Row:
    """Errors: Forbidden when the login is that of somebody else."""
    known = await identities.by_subject(unit, claimed.subject)
    if known is not None:
        return known
    await identities.insert_subject(unit, claimed.login, claimed.role.value, claimed.label, claimed.subject)
    known = await identities.by_subject(unit, claimed.subject)
    if known is None:
        hint = "if it is yours, log in with its password and link the two: attune login --oidc --link"
        raise Forbidden(f"the login {claimed.login!r} belongs to another identity here", code="login_taken", hint=hint)
    return known
