"""Brings a database up to date with `migrations/*.sql`: in order, once each, one migrator at a time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from attune_common.runtime import resources
from attune_common.runtime.clock import Deadline
from attune_common.store.errors import MigrationError

_LOCK = 0x41747475  # the key of the advisory lock, "Attu"
_LOCK_PATIENCE = 60.0
_CONNECT = 4.0
_LOCK_TRIES = 5
_LEDGER = """
CREATE SCHEMA IF NOT EXISTS attune;
CREATE TABLE IF NOT EXISTS attune.schema_migration (
  name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied TIMESTAMPTZ NOT NULL DEFAULT now()
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """`name` is the file's stem, e.g. `0001_spine`; `checksum` the SHA-256 of its text."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def available(folder: Path | None = None) -> list[Migration]:
    """All migrations that this version of the code knows, in order."""
    files = sorted((folder or resources.path("migrations")).glob("[0-9]*.sql"))
    return [Migration(file.stem, file.read_text(encoding="utf-8")) for file in files]


async def migrate(dsn: str, folder: Path | None = None) -> list[str]:
    """Apply what is missing; return the names of what was applied now.

    Migrations that the database has and this code does not know are left alone: a newer version was here.
    Errors: MigrationError (a migration failed, or one that was applied has been edited since), OSError.
    """
    async with _connected(dsn) as session, _locked(session):
        await session.execute(_LEDGER)
        missing = _missing(available(folder), await _applied(session))
        for migration in missing:
            await _apply(session, migration)
        return [migration.name for migration in missing]


async def pending(dsn: str, folder: Path | None = None) -> list[str]:
    """The names of migrations that `migrate` would apply."""
    async with _connected(dsn) as session:
        known = await session.fetchval("SELECT to_regclass('attune.schema_migration') IS NOT NULL")
        applied = await _applied(session) if known else {}
        return [migration.name for migration in _missing(available(folder), applied)]


async def ensure_database(dsn: str) -> bool:
    """Make the database that the DSN names when the server does not have it; True when it was made.

    Errors: those of connecting to the server's `postgres` database, and a missing privilege.
    """
    try:
        async with _connected(dsn):
            return False
    except asyncpg.InvalidCatalogNameError:
        pass
    parts = urlsplit(dsn)
    name = parts.path.lstrip("/").replace('"', '""')
    async with _connected(urlunsplit(parts._replace(path="/postgres"))) as session:
        try:
            await session.execute(f'CREATE DATABASE "{name}"')
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            return False
    return True


async def drop_database(dsn: str) -> None:
    """Remove the database that the DSN names with all that is in it, and end who uses it. Errors: as above."""
    parts = urlsplit(dsn)
    name = parts.path.lstrip("/").replace('"', '""')
    async with _connected(urlunsplit(parts._replace(path="/postgres"))) as session:
        await session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Any]:
    options = {"search_path": "attune", "timezone": "UTC", "application_name": "attune/migrate"}
    session = await asyncpg.connect(dsn, timeout=_CONNECT, server_settings=options)
    try:
        yield session
    finally:
        await session.close(timeout=_CONNECT)


@asynccontextmanager
async def _locked(session: Any) -> AsyncIterator[None]:
    deadline = Deadline(_LOCK_PATIENCE)
    while not await session.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
        if deadline.over:
            raise MigrationError(
                f"another migration has been running for {_LOCK_PATIENCE:g} s",
                hint="look for it in pg_stat_activity (application_name attune/migrate)",
            )
        await asyncio.sleep(0.1)
    try:
        yield
    finally:
        if not session.is_closed():
            await session.execute(f"SELECT pg_advisory_unlock({_LOCK})")


async def _applied(session: Any) -> dict[str, str]:
    rows = await session.fetch("SELECT name, checksum FROM attune.schema_migration")
    return {row["name"]: row["checksum"] for row in rows}


def _missing(migrations: list[Migration], applied: dict[str, str]) -> list[Migration]:
    for migration in migrations:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"migration {migration.name} was edited after this database applied it",
                code="migration_changed",
                hint="restore the file; changes go into a new migration",
                path=f"migrations/{migration.name}.sql",
            )
    return [migration for migration in migrations if migration.name not in applied]


async def _apply(session: Any, migration: Migration) -> None:
    """One transaction per migration. A lock that is not had within 3 s is given up and tried for again."""
    for attempt in range(1, _LOCK_TRIES + 1):
        try:
            async with session.transaction():
                await session.execute("SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = 0")
                await session.execute(migration.sql)
                await session.execute(
                    "INSERT INTO attune.schema_migration (name, checksum) VALUES ($1, $2)",
                    migration.name,
                    migration.checksum,
                )
            return
        except asyncpg.PostgresError as error:
            if error.sqlstate == "55P03" and attempt < _LOCK_TRIES:
                await asyncio.sleep(attempt)
                continue
            raise MigrationError(
                f"migration {migration.name}: {error}",
                hint="nothing of it was kept; correct the cause and migrate again",
                path=f"migrations/{migration.name}.sql",
            ) from error
