"""The command line against a real API over HTTP and PostgreSQL, in this process: as real, and quicker to start."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import Result
from tests.support.oidc_server import Running, oidc_server
from tests.support.waiting import until
from typer.testing import CliRunner

from attune_api.app import create_app
from attune_api.server import Api
from attune_cli.main import app
from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_common.vault.keyring import new_key, put_first
from attune_core.errors import AttuneError

ADMIN = "att_test-admin_" + "a" * 32


@dataclass
class CommandLine:
    """`env`: of its commands; without ATTUNE_API_TOKEN it asks as its profile says."""

    env: dict[str, str]
    keys: Path
    provider: Running
    runner: CliRunner = field(default_factory=CliRunner)

    async def run(self, *arguments: str, stdin: str = "", **env: str) -> Result:
        """The result; what the command fails with stands in its `exception`."""
        given = {**self.env, **env}
        return await asyncio.to_thread(self.runner.invoke, app, arguments, input=stdin, env=given)

    async def ok(self, *arguments: str, stdin: str = "", **env: str) -> str:
        done = await self.run(*arguments, stdin=stdin, **env)
        assert done.exit_code == 0, (arguments, done.output, done.exception)
        return done.stdout

    async def json(self, *arguments: str, stdin: str = "", **env: str) -> Any:
        return json.loads(await self.ok(*arguments, "--output", "json", stdin=stdin, **env))

    async def refused(self, *arguments: str, stdin: str = "", **env: str) -> str:
        """The code of the error; of wrong use what is printed."""
        done = await self.run(*arguments, stdin=stdin, **env)
        assert done.exit_code != 0, (arguments, done.output)
        return done.exception.code if isinstance(done.exception, AttuneError) else done.output

    def config(self) -> tuple[int, str]:
        """Mode and content of the file of profiles."""
        file = Path(self.env["ATTUNE_CONFIG"])
        return (stat.S_IMODE(file.stat().st_mode), file.read_text()) if file.exists() else (0, "")

    def configure(self, mode: int, text: str | None = None) -> None:
        file = Path(self.env["ATTUNE_CONFIG"])
        file.chmod(mode)
        if text is not None:
            file.write_text(text)

    @property
    def as_admin(self) -> dict[str, str]:
        return {"ATTUNE_API_TOKEN": ADMIN}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with oidc_server(tmp_path_factory.mktemp("oidc")) as running:
        yield running


@pytest.fixture
def quiet() -> Iterator[None]:
    """The API of this process must not write into what the command line prints."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.__stderr__))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def attune(database_url: str, tmp_path: Path, provider: Running, quiet: None) -> AsyncIterator[CommandLine]:
    keys = tmp_path / "keys"
    put_first(keys, new_key("old"))
    settings = Settings(
        database_url=database_url, bootstrap_admin_token=ADMIN, master_key_file=keys,
        oidc_issuer=provider.issuer, oidc_client_id="attune", oidc_roles="devs=author",
    )  # fmt: skip
    store, bus = Store(settings), MemoryBus()
    await store.open()
    await bus.start()
    served = create_app(store, bus, settings)
    api = Api(served, "127.0.0.1", 0)
    await api.start()
    await until(lambda: served.state.context.prepared, 30, "the API to be prepared")
    env = {
        "ATTUNE_API_URL": f"http://127.0.0.1:{api.port}", "ATTUNE_API_TOKEN": "", "ATTUNE_PROFILE": "",
        "ATTUNE_CONFIG": str(tmp_path / "config/attune.json"), "ATTUNE_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    yield CommandLine(env, keys, provider)
    await api.stop(1)
    await bus.stop()
    await store.close()
