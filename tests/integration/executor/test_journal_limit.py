"""A run whose journal is too long ends, with a reason; items have a limit of their own and do not count."""

from __future__ import annotations

import pytest
from tests.integration.executor.fake_worker import Reply
from tests.integration.executor.replay import differences
from tests.integration.executor.world import World
from tests.support.waiting import until

from attune_common.runtime.limits import Limits

LOOP = """
ref: t.loop
vars: {n: 0}
tasks:
  - {name: entry, on_success: a}
  - name: a
    action: t.echo
    publish: [{n: "{{ vars.n + 1 }}"}]
    next: [{when: "{{ vars.n < 9 }}", do: [a]}]
"""
EACH = """
ref: t.each
tasks:
  - {name: each, action: t.echo, with_items: "{{ range(40) | list }}", concurrency: 3}
"""


def _limit(world: World, events: int) -> None:
    world.settings = world.settings.model_copy(update={"limits": Limits(journal_events=events)})


@pytest.mark.parametrize(("limit", "ends"), [(10, "completed"), (9, "failed")])
async def test_at_the_limit_and_one_beyond(world: World, limit: int, ends: str) -> None:
    """The start and nine tasks: the tenth line ends the run by itself."""
    _limit(world, limit)
    world.worker.script = lambda job: Reply()
    await world.start()
    execution = await world.request(await world.define(LOOP))
    row = await world.ended(execution)
    assert row["status"] == ends, await world.story(execution)
    assert ends == "completed" or row["error"]["type"] == "journal_limit"
    assert await differences(world, await world.run_of(execution)) == []


async def test_items_do_not_count(world: World) -> None:
    _limit(world, 10)
    world.worker.script = lambda job: Reply()
    await world.start()
    execution = await world.request(await world.define(EACH))
    assert (await world.ended(execution))["status"] == "completed"


async def test_a_new_try_has_the_whole_limit(world: World) -> None:
    _limit(world, 9)
    world.worker.script = lambda job: Reply()
    await world.start()
    execution = await world.request(await world.define(LOOP))
    await world.ended(execution)
    await world.ask(await world.run_of(execution), "retry")

    async def ended_again() -> bool:
        again = "SELECT tries = 2 AND status = 'completed' FROM attune.execution WHERE id = $1"
        return bool(await world.value(again, execution))

    await until(ended_again, describe="the end of the second try")
