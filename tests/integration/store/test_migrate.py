"""The migrator on a real PostgreSQL: once each, in order, by one at a time, refusing what was edited."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import postgres

from attune_common.runtime import resources
from attune_common.store import migrate
from attune_common.store.errors import MigrationError
from attune_common.store.store import Store


@pytest.fixture
def empty_database(postgres_server: postgres.Server) -> Iterator[str]:
    with postgres_server.database(template="template1") as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE attune.one (id INT); INSERT INTO attune.one VALUES (1);")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE attune.two (id INT);")
    return tmp_path


async def test_each_is_applied_once_and_in_order(empty_database: str, folder: Path) -> None:
    assert await migrate.pending(empty_database, folder) == ["0001_one", "0002_two"]
    assert await migrate.migrate(empty_database, folder) == ["0001_one", "0002_two"]
    assert await migrate.migrate(empty_database, folder) == []
    (folder / "0003_three.sql").write_text("ALTER TABLE attune.one ADD COLUMN more INT;")
    assert await migrate.pending(empty_database, folder) == ["0003_three"]
    assert await migrate.migrate(empty_database, folder) == ["0003_three"]


async def test_the_shipped_migrations_apply_and_are_known(empty_database: str) -> None:
    names = [each.name for each in migrate.available()]
    assert names == sorted(names)
    assert names[0] == "0001_spine"
    assert await migrate.migrate(empty_database) == names


async def test_an_edited_migration_is_refused(empty_database: str, folder: Path) -> None:
    await migrate.migrate(empty_database, folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE attune.one (id BIGINT);")
    with pytest.raises(MigrationError) as refused:
        await migrate.migrate(empty_database, folder)
    assert refused.value.code == "migration_changed"
    assert refused.value.path.endswith("0001_one.sql")


async def test_of_a_failing_migration_nothing_is_kept(empty_database: str, folder: Path) -> None:
    (folder / "0002_two.sql").write_text("CREATE TABLE attune.two (id INT); SELECT 1/0;")
    with pytest.raises(MigrationError, match="0002_two: division by zero"):
        await migrate.migrate(empty_database, folder)
    store = Store(empty_database)
    await store.open()
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT to_regclass('attune.two') IS NULL")
        assert await connection.fetchval("SELECT count(*) FROM attune.one") == 1
    await store.close()
    assert await migrate.pending(empty_database, folder) == ["0002_two"]


async def test_migrations_of_a_newer_version_are_left_alone(empty_database: str, folder: Path) -> None:
    await migrate.migrate(empty_database, folder)
    (folder / "0002_two.sql").unlink()
    assert await migrate.migrate(empty_database, folder) == []


async def test_of_several_migrators_one_does_the_work(empty_database: str, folder: Path) -> None:
    done = await asyncio.gather(*(migrate.migrate(empty_database, folder) for _ in range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, 2]


async def test_a_missing_database_is_made(postgres_server: postgres.Server) -> None:
    with postgres_server.vacant() as url:
        assert await migrate.ensure_database(url)
        assert not await migrate.ensure_database(url)
        assert await migrate.pending(url)


def test_no_two_migrations_have_one_number() -> None:
    numbers = [file.name.partition("_")[0] for file in resources.path("migrations").glob("*.sql")]
    assert sorted(numbers) == sorted(set(numbers))
