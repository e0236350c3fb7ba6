"""Settings and servers that are not as they should be, told in sentences."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from attune_common.runtime.settings import Settings
from attune_common.store import migrate
from attune_common.store.errors import DatabaseError
from attune_core.errors import AttuneError

_CONNECT_SECONDS = 4.0


class BadSettings(AttuneError):
    """A variable ATTUNE_* has a value that is none."""

    code = "bad_settings"


class DatabaseUnreachable(AttuneError):
    """Nobody answers at the database's address."""

    code = "database_unreachable"


class BrokerUnreachable(AttuneError):
    """Nobody answers at the broker's address."""

    code = "broker_unreachable"


class DatabaseRefuses(AttuneError):
    """The database answers, and does not let us do it."""

    code = "database_refuses"


def load_settings(**given: Any) -> Settings:
    """The settings of the environment; those given win. Errors: BadSettings naming every variable."""
    try:
        return Settings(**given)
    except ValidationError as problem:
        findings = [f"ATTUNE_{'__'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in problem.errors()]
        raise BadSettings("; ".join(findings), hint="correct or unset it") from problem


async def migrate_database(url: str, *, create: bool = False) -> list[str]:
    """Bring the schema up to date, with `create` in a database that is made when it is missing; what was applied.

    Errors: DatabaseUnreachable, DatabaseRefuses, MigrationError.
    """
    try:
        if create:
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
