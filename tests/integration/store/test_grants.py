"""A database user with the grants of docs/operations/permissions.md can work, and cannot change the schema."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from tests.support.postgres import execute

from attune_common.pruning import prune
from attune_common.runtime.settings import Settings
from attune_common.store import audit
from attune_common.store.audit import Entry
from attune_common.store.store import Store

PAGE = Path(__file__).parents[3] / "docs/operations/permissions.md"
STATEMENTS = re.findall(r"^(?:CREATE|GRANT|ALTER) .*?;$", PAGE.read_text(), re.MULTILINE)


async def test_a_service_needs_no_more_than_the_guide_grants(database_url: str) -> None:
    role = f"attune_{uuid.uuid4().hex[:8]}"
    await execute(database_url, *(line.replace("attune_service", role).replace("'...'", "'x'") for line in STATEMENTS))
    parts = urlsplit(database_url)
    place = parts.netloc.rpartition("@")[2]
    store = Store(Settings(database_url=urlunsplit(parts._replace(netloc=f"{role}:x@{place}"))))
    await store.open()
    try:
        async with store.unit() as unit:
            await unit.execute("INSERT INTO attune.execution (action_ref, trace_id) VALUES ('t.a', 't')")
            unit.record(Entry(action="test.done"))
        async with store.unit() as unit:
            assert await audit.chain(unit) == 1
        ages = {"executions": 1.0, "logs": 1.0, "audit": 10.0}
        assert set(await prune(store, ages)) == set(ages)
        async with store.connection() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("ALTER TABLE attune.audit DISABLE TRIGGER ALL")
    finally:
        await store.close()
        await execute(database_url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
