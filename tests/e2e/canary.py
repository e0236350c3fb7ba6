"""Where a secret could have got to: tables, messages, log files, processes. Each place is searched as it is."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aio_pika
import asyncpg

from tests.support.waiting import patient

EXCHANGES = ("attune.events", "attune.executions", "attune.control", "attune.dead")


def forms(secret: str) -> list[str]:
    """What to look for: the text, its beginning, and how it stands in bytes, in base64 and in addresses."""
    raw = secret.encode()
    cores = [base64.b64encode(b"\0" * before + raw)[4:-4].decode() for before in range(3)]
    return [secret, secret[:12], raw.hex(), quote(secret, safe=""), *cores]


def found_in(text: str, wanted: Sequence[str]) -> list[str]:
    """Excerpts around what was found."""
    return [text[max(0, text.find(each) - 200) : text.find(each) + 60] for each in wanted if each in text]


async def dump(url: str) -> dict[str, str]:
    """Every table as text, bytes in hexadecimal."""
    session: Any = await asyncpg.connect(url, timeout=patient(20))
    try:
        names = await session.fetch("SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
                                    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")  # fmt: skip
        tables = {row["name"]: await session.fetch(f"SELECT t::text FROM {row['name']} t") for row in names}
    finally:
        await session.close()
    return {name: "\n".join(row[0] for row in rows) for name, rows in tables.items()}


class Tap:
    """A thread with a queue of its own behind every exchange; `text` is all that came."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._bodies: list[bytes] = []
        self._ready = threading.Event()
        self._end: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)

    @property
    def text(self) -> str:
        return b"\n".join(self._bodies).decode("utf-8", "replace")

    def __enter__(self) -> Tap:
        self._thread.start()
        assert self._ready.wait(patient(30))
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._thread.join(patient(30))

    async def _listen(self) -> None:
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(exclusive=True)
            for exchange in EXCHANGES:
                await queue.bind(exchange, "#")
            await queue.consume(self._take, no_ack=True)
            stop, loop = asyncio.Event(), asyncio.get_running_loop()
            self._end = lambda: loop.call_soon_threadsafe(stop.set)
            self._ready.set()
            await stop.wait()

    async def _take(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        self._bodies.append(f"{message.headers} {message.routing_key} ".encode() + message.body)


class ProcessWatch:
    """A thread that reads arguments and environments of all processes again and again."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._wanted = [each.encode() for each in wanted]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.found: set[str] = set()
        self.seen: set[str] = set()

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(patient(30))

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            for folder, text in _processes():
                if b"ATTUNE_EXEC_ID" in text:
                    self.seen.add(folder)
                if any(each in text for each in self._wanted):
                    self.found.add(text.decode("utf-8", "replace")[:500])


def _processes() -> Iterator[tuple[str, bytes]]:
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                yield folder.name, (folder / name).read_bytes()
