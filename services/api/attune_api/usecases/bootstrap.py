"""What must be in the database before the API is of use: the configured tokens and the core pack."""

from __future__ import annotations

import asyncio

from attune_api.context import Context
from attune_api.packfiles.archives import read_folder
from attune_api.permissions import Role
from attune_api.usecases.configure_pack import follow_environment
from attune_api.usecases.register_pack import read_and_register
from attune_common.runtime import logging, resources
from attune_common.runtime.settings import Settings
from attune_common.store import identities, tokens
from attune_common.store.store import Store, pause
from attune_common.store.unit import Unit
from attune_core.errors import AttuneError

_log = logging.get("attune.bootstrap")


def configured_tokens(settings: Settings) -> list[tuple[tokens.Token, Role]]:
    """The tokens of the settings. Errors: AttuneError when one has no valid form."""
    given = ((settings.bootstrap_admin_token, Role.ADMIN), (settings.bootstrap_worker_token, Role.WORKER))
    return [(_token(text, role), role) for text, role in given if text]


def _token(text: str, role: Role) -> tokens.Token:
    token = tokens.parse(text)
    if token is None or token.execution is not None:
        raise AttuneError(
            f"ATTUNE_BOOTSTRAP_{role.upper()}_TOKEN is no token",
            code="bad_token",
            hint="a token is att_<id>_<secret>: letters, digits and -; the secret has at least 16 of them",
        )
    return token


async def prepare_until_done(context: Context) -> None:
    """`prepare_all`, again and again while the database is away."""
    attempt = 0
    while not context.prepared:
        attempt += 1
        try:
            await prepare_all(context)
        except Exception as problem:
            reason = f"{type(problem).__name__}: {problem}"[:500]
            if reason != context.not_prepared_because:
                _log.warning("not prepared yet", error=reason)
            context.not_prepared_because = reason
            await asyncio.sleep(0.1 + pause(attempt))


async def prepare_all(context: Context) -> None:
    """Put tokens and core pack in place; repeatable."""
    await ensure_tokens(context.store, context.settings)
    await ensure_core_pack(context)
    await ensure_environment(context)
    context.prepared = True


async def ensure_tokens(store: Store, settings: Settings) -> None:
    for token, role in configured_tokens(settings):

        async def work(unit: Unit, token: tokens.Token = token, role: Role = role) -> None:
            kind = "service" if role is Role.WORKER else "user"
            identity = await identities.ensure(unit, role.value, kind, role.value)
            await identities.set_role(unit, identity["id"], role.value)
            await tokens.ensure(unit, token, identity["id"], "configured")

        await store.retrying(work)


async def ensure_environment(context: Context) -> None:
    """The settings of packs are those of the environment that this installation is."""
    if changed := await follow_environment(context):
        _log.info("packs configured for environment", environment=context.settings.environment, packs=changed)


async def ensure_core_pack(context: Context) -> None:
    """Register the core pack that came with this code, when it is missing or another."""
    folder, limits = resources.path("packs/core"), context.settings.limits
    registration = await read_and_register(context, lambda: read_folder(folder, limits), owner=None, is_shipped=True)
    if registration.outcome != "unchanged":
        _log.info("core pack registered", outcome=registration.outcome)
