"""Lists, by the command line alone."""

from __future__ import annotations

from tests.integration.api import world
from tests.integration.cli.conftest import CommandLine

from attune_common.runtime.settings import Settings
from attune_common.store.store import Store


async def test_lists_take_several_statuses(attune: CommandLine, database_url: str) -> None:
    attune.env |= attune.as_admin
    store = Store(Settings(database_url=database_url))
    await store.open()
    made = {status: await world.execution(store, status=status) for status in ("failed", "completed", "timeout")}
    await store.close()
    either = [made["timeout"], made["failed"]]
    for asked in (["--status", "failed,timeout"], ["--status", "failed", "--status", "timeout"]):
        assert [row["id"] for row in await attune.json("execution", "list", *asked)] == either
    assert len(await attune.json("execution", "list", "--status", "all")) == 3
    refused = await attune.run("execution", "list", "--status", "failed,lost")
    assert refused.exit_code == 1
    assert "'requested', 'scheduling'" in str(refused.exception)
    for noun, known in (
        ("dead-letter", "new,discarded"),
        ("incident", "open,resolved"),
        ("inquiry", "timeout,pending"),
    ):
        assert await attune.json(noun, "list", "--status", known) == []
        assert await attune.refused(noun, "list", "--status", "lost") == "invalid"


async def test_lists_of_what_packs_bring_are_cut_to_one_pack(attune: CommandLine) -> None:
    attune.env |= attune.as_admin
    assert len(await attune.json("trigger", "list", "--pack", "core")) > 5
    for noun in ("action", "policy", "rule", "sensor", "trigger"):
        assert await attune.json(noun, "list", "--pack", "nothing") == []
