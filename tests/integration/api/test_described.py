"""What the API answers is what its document says: Schemathesis asks, with the token of each role.

`make schemathesis` asks for longer.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from tests.integration.api.conftest import MASTER_KEY
from tests.support import postgres

from attune_api.app import create_app
from attune_api.permissions import Role
from attune_api.server import Api
from attune_api.usecases.make_token import make_token
from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store

SECONDS = float(os.environ.get("ATTUNE_SCHEMATHESIS_SECONDS", "0"))
"""For each role; 0: the examples and one round."""

ROLES = (Role.ADMIN, Role.AUTHOR, Role.OPERATOR, Role.VIEWER, Role.WORKER, Role.NONE)
_BRIEFLY = {Role.ADMIN: "examples,fuzzing,stateful", Role.OPERATOR: "examples,fuzzing"}
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)
_ALWAYS = ("--no-color", "--generation-database", "none", "--suppress-health-check", "all", "--continue-on-failure",
           "--warnings", "off", "--request-timeout", "20", "--max-redirects", "0",
           "--exclude-path", "/api/v1/logout")  # fmt: skip
"""Whoever logs out asks nothing more."""


@pytest.fixture(scope="module")
def served(prepared_server: postgres.Server) -> Iterator[tuple[str, dict[Role, str]]]:
    """The address of an API with a database of its own, and a token for each role."""
    with prepared_server.database() as url, _serving(url) as (port, tokens):
        address = f"http://127.0.0.1:{port}"
        urlopen(f"{address}/api/v1/openapi.json", timeout=120).close()  # made once; Schemathesis waits 10 s for it
        yield address, tokens


@contextmanager
def _serving(url: str) -> Iterator[tuple[int, dict[Role, str]]]:
    """In a thread with a loop of its own: who asks is another process."""
    ready, stop = threading.Event(), asyncio.Event()
    found: dict[str, tuple[int, dict[Role, str]]] = {}
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        store, bus = Store(Settings(database_url=url)), MemoryBus()
        await store.open()
        await bus.start()
        settings = Settings(database_url=url, master_keys=MASTER_KEY, login_failures=100_000)
        api = Api(create_app(store, bus, settings), "127.0.0.1", 0)
        await api.start()
        tokens = {role: (await make_token(store, f"asks-{role.value}", role, "", None))[0].text for role in ROLES}
        found["it"] = api.port, tokens
        ready.set()
        await stop.wait()
        await api.stop(1)
        await bus.stop()
        await store.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield found["it"]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def ask(address: str, token: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/api/v1/openapi.json", *_ALWAYS]
    authorised = ("-H", f"Authorization: Bearer {token}", "--checks", CHECKS)
    return subprocess.run([*command, *authorised, *options], capture_output=True, text=True, timeout=3_600, check=False)


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_is_undocumented_and_none_an_error_of_ours(served: tuple[str, dict[Role, str]], role: Role) -> None:
    address, tokens = served
    phases = "examples,coverage,fuzzing,stateful" if SECONDS else _BRIEFLY.get(role, "examples")
    budget = ("--max-time", str(int(SECONDS))) if SECONDS else ("--max-examples", "1")
    asked = ask(address, tokens[role], "--phases", phases, "--seed", "1", *budget)
    assert asked.returncode == 0, asked.stdout[-6_000:] + asked.stderr[-2_000:]
