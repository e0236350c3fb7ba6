"""A database with millions of executions: what listing, filtering and starting cost in it, and by which plans.

    python -m bench.millions --dsn postgresql://postgres@127.0.0.1:5432/postgres --executions 5000000

Makes a database of its own beside the one named, loads it with COPY, asks through the store as the API does, and drops
it (unless --keep). Every question is asked five times; the middle counts.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from attune_common.runtime.settings import Settings
from attune_common.store import census, execution_views, queries, retention
from attune_common.store.connection import Connection
from attune_common.store.execution_views import Filter
from attune_common.store.migrate import migrate
from attune_common.store.store import Store

DATABASE = "attune_millions"
COLUMNS = ("id", "action_ref", "status", "root", "parent", "is_workflow", "parameters", "result", "rule_ref",
           "trigger_ref", "trace_id", "created", "updated", "started_at", "completed_at")  # fmt: skip
_PORTION = 50_000
_ASKED = 5
BEGUN = datetime(2025, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=6)


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """One in a thousand failed, one in ten of a rule; the last hundred live; five of a trace."""
    dice = random.Random(1)
    for id in range(1, count + 1):
        moment = BEGUN + STEP * id
        status = "failed" if id % 1_000 == 0 else "completed"
        if id > count - 100:
            status = "running"
        ended = moment + timedelta(seconds=2) if status != "running" else None
        rule = f"shop.rule_{dice.randrange(50)}" if id % 10 == 0 else None
        host = f'{{"host": "web-{dice.randrange(100_000)}", "n": {id}}}'
        yield (id, f"shop.action_{dice.randrange(200)}", status, None, None, False, host, '{"ok": true}', rule,
               "shop.hook" if rule else None, f"{id // 5:032x}", moment, moment, moment, ended)  # fmt: skip


async def load(dsn: str, count: int) -> float:
    """COPY without the secondary indexes, then make them. Seconds."""
    begun = time.perf_counter()
    session = await asyncpg.connect(dsn)
    indexes = await session.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'attune' AND tablename = 'execution' "
        "AND indexname <> 'execution_pkey'"
    )
    for index in indexes:
        await session.execute(f"DROP INDEX attune.{index['indexname']}")
    await _copy(session, count)
    await session.execute("SELECT setval(pg_get_serial_sequence('attune.execution', 'id'), $1)", count)
    for index in indexes:
        await session.execute(index["indexdef"])
    await session.execute("VACUUM ANALYZE attune.execution")
    await session.close()
    return time.perf_counter() - begun


async def _copy(session: Any, count: int) -> None:
    await session.execute(
        f"CREATE UNLOGGED TABLE loading AS SELECT {', '.join(COLUMNS)} FROM attune.execution LIMIT 0;"
        "ALTER TABLE loading ALTER parameters TYPE text, ALTER result TYPE text, ALTER status TYPE text"
    )
    portion: list[tuple[Any, ...]] = []
    for row in rows(count):
        portion.append(row)
        if len(portion) == _PORTION or row[0] == count:
            await session.copy_records_to_table("loading", records=portion, columns=COLUMNS)
            await session.execute(
                f"INSERT INTO attune.execution ({', '.join(COLUMNS)}) OVERRIDING SYSTEM VALUE "
                f"SELECT {', '.join(_cast(name) for name in COLUMNS)} FROM loading; TRUNCATE loading"
            )
            portion.clear()
    await session.execute("DROP TABLE loading")


def _cast(name: str) -> str:
    kinds = {"status": "::attune.execution_status_enum", "parameters": "::jsonb", "result": "::jsonb"}
    return name + kinds.get(name, "")


Ask = Callable[[Connection], Awaitable[Any]]


def questions(count: int) -> dict[str, Ask]:
    """As the API asks them."""
    middle, week = BEGUN + STEP * (count // 2), timedelta(days=7)

    def page(before: int | None = None, **wanted: Any) -> Ask:
        return lambda connection: execution_views.page(connection, before, Filter(**wanted), 51)

    return {
        "first page": page(),
        "a page in the middle": page(count // 2),
        "roots": page(root=True),
        "of an action": page(action="shop.action_7"),
        "failed": page(statuses=["failed"]),
        "failed, in the middle": page(count // 2, statuses=["failed"]),
        "failed or out of time": page(statuses=["failed", "timeout"]),
        "running": page(statuses=["running"]),
        "waiting (there are none)": page(statuses=["waiting"]),
        "cancelled (there are none)": page(statuses=["cancelled"]),
        "of a rule": page(rule="shop.rule_7"),
        "of a trace": page(trace_id=f"{count // 10:032x}"),
        "of no trace": page(trace_id="f" * 32),
        "of a week in the middle": page(since=middle, until=middle + week),
        "failed, of that week": page(statuses=["failed"], since=middle, until=middle + week),
        "of a pack": page(pack="shop"),
        "one": lambda connection: execution_views.get(connection, count // 3),
        "text in inputs, 20,000 looked at": lambda connection: execution_views.holding(
            connection, None, Filter(), "web-4711", 20_000
        ),
        "census": census.live,
        "what is too old (none)": lambda connection: retention.old_executions(connection, 10_000 * 86_400.0, 100),
    }


async def ask(dsn: str, count: int) -> dict[str, float]:
    """Milliseconds, the middle of five."""
    store = Store(Settings(database_url=dsn, statement_timeout=60))
    await store.open()
    found: dict[str, float] = {}
    async with store.connection() as connection:
        for name, question in questions(count).items():
            found[name] = await _middle(lambda: question(connection))  # noqa: B023 - asked at once
    found["start (insert and commit)"] = await _middle(lambda: _start(store))
    await store.close()
    return found


async def _start(store: Store) -> None:
    async with store.unit() as unit:
        await unit.execute("INSERT INTO attune.execution (action_ref, trace_id) VALUES ('shop.action_1', md5('x'))")


async def _middle(work: Callable[[], Awaitable[Any]]) -> float:
    taken = []
    for _ in range(_ASKED):
        begun = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)[_ASKED // 2]


async def plans(dsn: str) -> None:
    """How PostgreSQL goes about the page with its most common filters."""
    statement = queries.load("execution_views").page
    session = await asyncpg.connect(dsn, server_settings={"search_path": "attune", "jit": "off"})
    nothing = [None] * 18
    nothing[4], nothing[6] = False, 51
    for place, value in ((1, ["failed"]), (2, "shop.action_7"), (5, "shop.rule_7"), (11, "0" * 32)):
        arguments = list(nothing)
        arguments[place] = value
        explained = await session.fetch("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + statement, *arguments)
        print(f"\n{value}:")
        told = (line[0] for line in explained)
        print("\n".join(line for line in told if any(word in line for word in ("Index", "Scan", "Execution"))))
    await session.close()


async def main(options: argparse.Namespace) -> None:
    admin = await asyncpg.connect(options.dsn)
    dsn = urlunsplit(urlsplit(options.dsn)._replace(path=f"/{DATABASE}"))
    if not options.reuse:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {DATABASE}")
        await migrate(dsn)
        print(f"{options.executions:,} executions loaded in {await load(dsn, options.executions):.0f} s")
    for name, milliseconds in (await ask(dsn, options.executions)).items():
        print(f"{milliseconds:10.2f} ms  {name}")
    if options.plans:
        await plans(dsn)
    if not options.keep:
        await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await admin.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.millions", description=__doc__)
    parser.add_argument("--dsn", default="postgresql://postgres@127.0.0.1:5432/postgres")
    parser.add_argument("--executions", type=int, default=5_000_000)
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--reuse", action="store_true", help="ask the database that was left")
    parser.add_argument("--plans", action="store_true", help="print the plans, too")
    asyncio.run(main(parser.parse_args()))
