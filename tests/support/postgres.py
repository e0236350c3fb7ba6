"""A PostgreSQL for the tests (given, embedded or a container) and a database per test from a template."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from tests.support.servers import docker_answers, missing, run

from attune_common.store.embedded.cluster import EmbeddedPostgres
from attune_common.store.embedded.errors import EmbeddedError
from attune_common.store.migrate import migrate

_UNSAFE_AND_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@dataclass(frozen=True, slots=True)
class Server:
    """`admin` is the DSN of a database in which new ones may be made; `template` the migrated one."""

    admin: str
    template: str

    def dsn(self, database: str) -> str:
        return urlunsplit(urlsplit(self.admin)._replace(path="/" + database))

    @contextlib.contextmanager
    def database(self, template: str = "") -> Iterator[str]:
        """The DSN of a database, migrated unless another template is named, that ends with the block."""
        with self.vacant() as url:
            name = urlsplit(url).path.lstrip("/")
            run(execute(self.admin, f'CREATE DATABASE "{name}" TEMPLATE "{template or self.template}"'))
            yield url

    @contextlib.contextmanager
    def vacant(self) -> Iterator[str]:
        """The DSN of a database that does not exist; one that is made there ends with the block."""
        name = f"attune_test_{uuid.uuid4().hex[:12]}"
        try:
            yield self.dsn(name)
        finally:
            run(execute(self.admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def execute(dsn: str, *statements: str) -> None:
    """Run statements one by one, outside of a transaction."""
    session: Any = await asyncpg.connect(dsn, timeout=10)
    try:
        for statement in statements:
            await session.execute(statement)
    finally:
        await session.close(timeout=10)


async def fetch(dsn: str, query: str) -> Any:
    """The first value that a query gives."""
    session: Any = await asyncpg.connect(dsn, timeout=10)
    try:
        return await session.fetchval(query)
    finally:
        await session.close(timeout=10)


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """The session's server with its template; skips or fails the test when there is none."""
    with _found() as admin:
        name = f"attune_template_{uuid.uuid4().hex[:8]}"
        run(execute(admin, f'CREATE DATABASE "{name}"'))
        ready = Server(admin, name)
        try:
            run(migrate(ready.dsn(name)))
            yield ready
        finally:
            run(execute(admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@contextlib.contextmanager
def _found() -> Iterator[str]:
    given = os.environ.get("ATTUNE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="attune-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        embedded = EmbeddedPostgres(Path(folder), options=_UNSAFE_AND_FAST)
        try:
            dsn = embedded.start()
        except EmbeddedError as problem:
            with _container(str(problem)) as url:
                yield url
            return
        try:
            yield dsn
        finally:
            embedded.stop()


@contextlib.contextmanager
def _container(why_not_embedded: str) -> Iterator[str]:
    if not docker_answers():
        missing("postgresql", why_not_embedded)
    from testcontainers.postgres import PostgresContainer

    with PostgresContainer("postgres:17-alpine", driver=None) as box:
        yield box.get_connection_url()
