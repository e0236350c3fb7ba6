"""The API over a real PostgreSQL and the memory bus, spoken to through ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from tests.integration.api import samples
from tests.support import postgres

from attune_api.app import create_app
from attune_api.context import Context
from attune_api.permissions import Role
from attune_api.usecases.bootstrap import prepare_all
from attune_api.usecases.make_token import make_token
from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store import identities, rights
from attune_common.store.store import Store
from attune_common.vault.keyring import new_key

ADMIN = "att_test-admin_" + "a" * 32
MASTER_KEY = new_key("test").line
WORKER = "att_test-worker_" + "w" * 32


@dataclass(frozen=True)
class Clients:
    """`app`: what is spoken to; `as_role`: a client with a token of that role."""

    app: FastAPI
    store: Store

    def client(self, token: str = "") -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://attune/api/v1", headers=headers)

    async def as_role(self, role: Role) -> httpx2.AsyncClient:
        token, _ = await make_token(self.store, f"test-{role.value}", role, "", None)
        return self.client(token.text)

    async def on_packs(self, login: str, roles: Mapping[str, Role]) -> httpx2.AsyncClient:
        """An identity that has roles on packs, and nothing else."""
        token, _ = await make_token(self.store, login, Role.NONE, "", None)
        async with self.store.unit() as unit:
            identity = await identities.ensure(unit, login, "user", Role.NONE.value)
            for pack, role in roles.items():
                await rights.put_grant(unit, identity["id"], pack, role.value)
        return self.client(token.text)


@pytest.fixture(scope="session")
def prepared_server(postgres_server: postgres.Server) -> Iterator[postgres.Server]:
    """Its template has the tokens and the core pack, so that not every test has to put them there."""
    with postgres_server.database() as url:
        asyncio.run(_prepare(_settings(url)))
        yield postgres.Server(postgres_server.admin, urlsplit(url).path.lstrip("/"))


async def _prepare(settings: Settings) -> None:
    store = Store(settings)
    await store.open()
    await prepare_all(Context(store, MemoryBus(), settings))
    await store.close()


def _settings(url: str) -> Settings:
    return Settings(
        database_url=url,
        bootstrap_admin_token=ADMIN,
        bootstrap_worker_token=WORKER,
        allow_local_paths=True,
        master_keys=MASTER_KEY,
    )


@pytest.fixture(scope="session")
def shared_url(prepared_server: postgres.Server) -> Iterator[str]:
    """One database for tests that leave nothing behind."""
    with prepared_server.database() as url:
        yield url


@pytest.fixture
def database_url(prepared_server: postgres.Server) -> Iterator[str]:
    with prepared_server.database() as url:
        yield url


@pytest.fixture
async def clients(store: Store, database_url: str) -> AsyncIterator[Clients]:
    bus = MemoryBus()
    await bus.start()
    app = create_app(store, bus, _settings(database_url))
    app.state.context.prepared = True
    yield Clients(app, store)
    await bus.stop()


@pytest.fixture
def api(clients: Clients) -> httpx2.AsyncClient:
    """With the token of an admin."""
    return clients.client(ADMIN)


@pytest.fixture
async def pack(api: httpx2.AsyncClient) -> dict[str, object]:
    """The sample pack, registered."""
    answer = await api.post("/packs", content=samples.archive(), headers=samples.GZIP)
    assert answer.status_code == 201, answer.text
    body: dict[str, object] = answer.json()
    return body
