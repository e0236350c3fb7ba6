"""Servers that are not as they should be, told in sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from attune_common.runtime.settings import Settings
from attune_common.store import migrate
from attune_common.store.errors import DatabaseError
from attune_core.errors import AttuneError

_CONNECT_SECONDS = 4.0


class DatabaseUnreachable(AttuneError):
    """Nobody answers at the database's address."""

    code = "database_unreachable"


class BrokerUnreachable(AttuneError):
    """Nobody answers at the broker's address."""

    code = "broker_unreachable"


class DatabaseRefuses(AttuneError):
    """The database answers, and does not let us do it."""

    code = "database_refuses"


async def migrate_database(url: str) -> list[str]:
    """Bring the schema up to date, in a database that is made when it is missing; what was applied.

    Errors: DatabaseUnreachable, DatabaseRefuses, MigrationError.
    """
    try:
        await migrate.ensure_database(url)
        return await migrate.migrate(url)
    except (OSError, TimeoutError) as problem:
        hint = "start it, or correct ATTUNE_DATABASE_URL"
        raise DatabaseUnreachable(f"nobody answers at {place_of(url)}: {problem}", hint=hint) from problem
    except DatabaseError as problem:
        hint = "look at the user, the password and the database in ATTUNE_DATABASE_URL"
        raise DatabaseRefuses(f"{place_of(url)}: {problem}", hint=hint) from problem


async def check_broker(url: str) -> None:
    """Errors: BrokerUnreachable when nobody takes connections at the address within 4 seconds."""
    parts = urlsplit(url)
    port = parts.port or (5671 if parts.scheme == "amqps" else 5672)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", port)
    except OSError as problem:
        hint = "start RabbitMQ, or correct ATTUNE_AMQP_URL"
        raise BrokerUnreachable(f"nobody answers at {place_of(url)}: {problem}", hint=hint) from problem
    writer.close()


def place_of(url: str) -> str:
    """A URL without its user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


async def prune_database(settings: Settings, days: Mapping[str, float]) -> dict[str, int]:
    """Remove what is older than `days` by kind, or than the settings say; how many rows or executions of each.

    Errors: DatabaseUnreachable.
    """
    from attune_common.pruning import prune
    from attune_common.runtime.retention_settings import Retention
    from attune_common.store.store import Store

    store = Store(settings, source="attune/prune")
    await store.open()
    try:
        return await prune(store, Retention(**{**settings.retention.model_dump(), **days}).seconds())
    finally:
        await store.close()
