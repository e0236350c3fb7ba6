"""What runs keeps the version of its pack, whatever is registered meanwhile."""

from __future__ import annotations

from typing import Any

from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.store import packs
from attune_common.store.packs import PackRow

INNER = """
ref: t.inner
label: inner
version: 1.0.0
tasks:
  - name: deep
    action: t.echo
"""
OUTER = """
ref: t.outer
label: outer
version: 1.0.0
tasks:
  - name: first
    action: t.echo
    on_success: second
  - name: second
    action: t.echo
    retry: {count: 1, delay: 0}
    on_success: third
  - name: third
    action: t.inner
"""


async def register(world: World, digest: str, entry_point: str) -> None:
    """The pack of the world in another version, in which `t.echo` is another program."""
    row = PackRow("t", "t", "", digest, digest, {}, None, {})
    async with world.store.unit() as unit:
        await packs.put(unit, row, b"")
        await unit.execute("UPDATE attune.action SET entry_point = $1 WHERE ref = 't.echo'", entry_point)
        await packs.keep_version(unit, world.pack, row)


async def test_a_run_goes_on_with_the_version_it_began_with(world: World) -> None:
    await world.define(INNER)
    await world.define(OUTER)
    await register(world, "d1", "one")
    held: list[Any] = []
    world.worker.script = lambda job: held.append(job)
    await world.start()
    execution = await world.request("t.outer")
    await until(lambda: held, 10, "the first job")
    await register(world, "d2", "two")
    async with world.store.unit() as unit:
        await unit.execute(
            "UPDATE attune.workflow_definition SET definition = $1, digest = 'gone' WHERE ref = 't.inner'", {}
        )
    failures = iter([Reply("failed")])
    world.worker.script = lambda job: next(failures, Reply()) if job.task_name == "second" else Reply()
    await world.worker.reply(held[0], Reply())
    assert (await world.ended(execution))["status"] == "completed"
    jobs = [(job.task_name, job.pack_digest, job.entry_point) for job in world.worker.jobs]
    assert jobs == [(name, "d1", "one") for name in ("first", "second", "second", "deep")]
    world.worker.script = lambda job: Reply()
    await world.ended(await world.request("t.echo"))
    assert (world.worker.jobs[-1].pack_digest, world.worker.jobs[-1].entry_point) == ("d2", "two")


async def test_what_runs_comes_to_its_end_although_its_pack_is_archived(world: World) -> None:
    await world.define(INNER)
    await world.define(OUTER)
    await register(world, "d1", "one")
    held: list[Any] = []
    world.worker.script = lambda job: held.append(job)
    await world.start()
    execution = await world.request("t.outer")
    await until(lambda: held, 10, "the first job")
    async with world.store.unit() as unit:
        await packs.set_enabled(unit, "t", False, archived=True)
    world.worker.script = lambda job: Reply()
    await world.worker.reply(held[0], Reply())
    assert (await world.ended(execution))["status"] == "completed"
    refused = await world.ended(await world.request("t.outer"))
    assert refused["error"]["type"] == "pack_disabled"


async def test_versions_that_something_runs_are_kept(world: World) -> None:
    await register(world, "d1", "one")
    world.worker.script = lambda job: None
    await world.start()
    await world.request("t.echo")
    await world.worker.got(1)
    for number in range(2, 3 + packs.KEPT_VERSIONS):
        await register(world, f"d{number}", "more")
    async with world.store.connection() as connection:
        kept = [row["digest"] for row in await packs.versions(connection, "t")]
    assert (len(kept), kept[-1]) == (packs.KEPT_VERSIONS + 1, "d1")
