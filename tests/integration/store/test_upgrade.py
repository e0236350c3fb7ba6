"""A run that began on an earlier schema ends on this one; and migrations only ever add.

Services of the schema before a migration work on beside it until they are replaced, so nothing that they read or write
may go away in the same release: what is left of it is removed one release later, in a migration that says so.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World
from tests.support import postgres
from tests.support.replay import load, replay

from attune_common.runtime import resources
from attune_common.store import migrate
from attune_common.store.connection import Connection
from attune_common.store.store import Store

_GOLDEN = Path(__file__).parents[2] / "golden" / "run_under_way.json"
_MIGRATIONS = sorted(resources.path("migrations").glob("[0-9]*.sql"))
_ORDER = (
    "pack_content", "pack", "workflow_version", "workflow_definition", "action", "execution", "workflow_run",
    "workflow_task", "workflow_items", "journal",
)  # fmt: skip
_FILL = "INSERT INTO attune.{0} SELECT * FROM jsonb_populate_recordset(NULL::attune.{0}, $1)"
_COUNT_ON = "SELECT setval(pg_get_serial_sequence('attune.{0}', 'id'), 1000)"
_EARLIER = sorted({*range(1, len(_MIGRATIONS), 6), len(_MIGRATIONS) - 1})
_TAKES_AWAY = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|VIEW|TYPE)\b|\bRENAME\s+(TO|COLUMN)\b|\bALTER\s+COLUMN\s+\w+\s+(TYPE|SET\s+NOT\s+NULL)\b",
    re.IGNORECASE,
)
_UNRELEASED = 19
"""So many migrations were made before the first release: nobody's services ran on the schemas between them."""
_CONTRACTS = "-- contracts: "
"""How a migration says that no service of the release before it uses any more what it takes away, and why."""


@pytest.fixture
def empty_database(postgres_server: postgres.Server) -> Iterator[str]:
    with postgres_server.database(template="template1") as url:
        yield url


async def _fill(url: str) -> None:
    """The rows of a run of which one item has ended and two are with workers."""
    golden: dict[str, list[dict[str, Any]]] = json.loads(_GOLDEN.read_text())
    store = Store(url)
    await store.open()
    async with store.unit() as unit:
        await unit.execute("SET LOCAL session_replication_role = replica")
        for table in _ORDER:
            await unit.execute(_FILL.format(table), golden[table])
        for table in ("execution", "workflow_run"):
            await unit.fetchval(_COUNT_ON.format(table))
    await store.close()


@pytest.fixture
async def upgraded(empty_database: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A world on a database that was filled when it had the first `request.param` migrations."""
    for file in _MIGRATIONS[: request.param]:
        shutil.copy(file, tmp_path)
    await migrate.migrate(empty_database, tmp_path)
    await _fill(empty_database)
    applied = await migrate.migrate(empty_database)
    assert len(applied) == len(_MIGRATIONS) - request.param
    world = World(empty_database)
    await world.store.open()
    await world.bus.start()
    await world.relay.start()
    yield world
    await world.close()


@pytest.mark.parametrize("upgraded", _EARLIER, indirect=True, ids=lambda count: _MIGRATIONS[count - 1].stem)
async def test_a_run_that_began_on_an_earlier_schema_ends_on_this_one(upgraded: World) -> None:
    """Its jobs were with workers when the services were replaced: they come back through the sweeps."""
    upgraded.worker.script = lambda job: Reply(result=dict(job.parameters))
    upgraded.settings = upgraded.settings.model_copy(update={"dispatch_lost_seconds": 0.5, "heartbeat_seconds": 0.1})
    await upgraded.start()
    (row,) = await upgraded.rows("SELECT id FROM attune.execution WHERE action_ref = 't.upgrade'")
    ended = await upgraded.ended(row["id"], deadline=60)
    assert (ended["status"], ended["result"]["n"]) == ("completed", 1)
    assert [each["n"] for each in ended["result"]["all"]] == [0, 1, 2]
    async with upgraded.store.connection() as connection:
        reading: Connection = connection
        assert replay(await load(reading, await upgraded.run_of(row["id"]))) == []


_NEXT = """
ALTER TYPE attune.execution_status_enum ADD VALUE IF NOT EXISTS 'hovering';
CREATE TABLE attune.of_tomorrow (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said JSONB NOT NULL);
"""
_GROWS = (
    "ALTER TABLE attune.{0} ADD COLUMN of_tomorrow INT NOT NULL DEFAULT 7;"
    "ALTER TABLE attune.{0} ADD COLUMN also_of_tomorrow JSONB;"
)


@pytest.mark.parametrize("upgraded", [len(_MIGRATIONS) - 1], indirect=True, ids=["next"])
async def test_services_go_on_while_the_schema_of_the_next_release_comes(
    upgraded: World, empty_database: str, tmp_path: Path
) -> None:
    """It is migrated beneath them, as the expanding half of a release does it: every table grows, nothing goes."""
    upgraded.worker.script = lambda job: Reply(result=dict(job.parameters))
    upgraded.settings = upgraded.settings.model_copy(update={"dispatch_lost_seconds": 0.5, "heartbeat_seconds": 0.1})
    await upgraded.start()
    (row,) = await upgraded.rows("SELECT id FROM attune.execution WHERE action_ref = 't.upgrade'")
    before = await upgraded.request("t.upgrade", {"n": 1})
    assert (await upgraded.ended(before, deadline=60))["status"] == "completed"
    tables = await upgraded.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'attune'")
    grown = [_GROWS.format(each["tablename"]) for each in tables if each["tablename"] != "schema_migration"]
    for file in _MIGRATIONS:
        shutil.copy(file, tmp_path)
    (tmp_path / "9999_next.sql").write_text(_NEXT + "\n".join(grown))
    assert await migrate.migrate(empty_database, tmp_path) == ["9999_next"]
    after = await upgraded.request("t.upgrade", {"n": 1})
    for execution in (row["id"], after):
        ended = await upgraded.ended(execution, deadline=60)
        assert (ended["status"], ended["result"]["n"]) == ("completed", 1), await upgraded.story(execution)


@pytest.mark.parametrize("file", _MIGRATIONS[_UNRELEASED:], ids=lambda file: file.stem)
def test_a_migration_takes_nothing_away_that_the_release_before_it_uses(file: Path) -> None:
    text = file.read_text()
    taken = [match.group(0) for line in text.splitlines() if (match := _TAKES_AWAY.search(line.split("--")[0]))]
    assert not taken or _CONTRACTS in text, f"{file.name}: {taken}; if nobody uses it any more, say why: {_CONTRACTS}…"
