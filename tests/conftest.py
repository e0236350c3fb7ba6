"""Fixtures for real servers. A session has one of each; a test has a database, a module a virtual host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from tests.support import postgres, rabbitmq


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.server() as server:
        yield server


@pytest.fixture
def database_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The DSN of a database of this test's own, migrated and empty."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store on this test's database, without an outbox relay."""
    store = Store(Settings(database_url=database_url), source="attune/test")
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[rabbitmq.Broker]:
    with rabbitmq.broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def amqp_url(rabbitmq_server: rabbitmq.Broker) -> Iterator[str]:
    """The AMQP URL of a virtual host of this module's own."""
    with rabbitmq_server.vhost() as url:
        yield url


@pytest.fixture
def fresh_amqp_url(rabbitmq_server: rabbitmq.Broker) -> Iterator[str]:
    """The same for one test: for those that need an empty broker."""
    with rabbitmq_server.vhost() as url:
        yield url
