"""Each trouble that a broker or a database can make, alone: the services stay up, say so once, and go on afterwards.

`make chaos` mixes faults; here each is long enough to be noticed, and what is told of it is looked at.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from attune_client import AsyncAttune
from tests.chaos.arena import ServicesArena
from tests.chaos.plan import Plan
from tests.chaos.troubles import TROUBLES, Field, Trouble

pytestmark = pytest.mark.asyncio(loop_scope="module")

_MOST_LINES = 8
"""Lines of level warning or above, of one service for one trouble: what is not ready with a change of that, and two
connections to the broker, of which each may be made again once too early."""


def _folder() -> Path:
    """Actions run as somebody else and must come through it."""
    folder = Path(tempfile.mkdtemp(prefix="attune-troubles-"))
    folder.chmod(0o711)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="field")
async def _field() -> AsyncIterator[Field]:
    folder = _folder()
    arena = ServicesArena(Plan(random.randrange(2**31), folder))
    try:
        await arena.start()
        await arena.register_pack()
        one_each = httpx2.AsyncClient(timeout=60, limits=httpx2.Limits(max_keepalive_connections=0))
        async with AsyncAttune.connect(arena.url, arena.token) as attune, one_each as http:
            yield Field(arena, attune, http)
    finally:
        await arena.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name.replace(" ", "-"))
async def test_services_stay_up_say_so_once_and_go_on(field: Field, trouble: Trouble) -> None:
    await field.until_ready()
    lines = field.lines()
    under_way = await field.start(2)
    await trouble.begin(field)
    try:
        await field.until_told(trouble.who, trouble.check, lines)
    finally:
        await trouble.end(field)
    back = time.monotonic()
    await field.until_ready()
    ready = time.monotonic() - back
    await field.ends(await field.start(0))
    await field.ends(under_way)
    print(f"{trouble.name}: ready after {ready:.1f} s, new work done after {time.monotonic() - back:.1f} s")
    told = field.complaints(lines)
    assert [name for name, process in field.arena.processes.items() if len(process.lives) > 1] == []
    assert {name: found for name, found in told.items() if len(found) > _MOST_LINES} == {}


async def test_a_database_away_while_work_is_asked_for_is_503_with_retry_after(field: Field) -> None:
    await field.database.down()
    try:
        answer = await field.http.post(
            f"{field.arena.url}/api/v1/workflows/chaos.chain/execute",
            json={"parameters": {"n": 1}}, headers={"Authorization": f"Bearer {field.arena.token}"}, timeout=120,
        )  # fmt: skip
    finally:
        await asyncio.shield(field.database.up())
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    await field.until_ready()
