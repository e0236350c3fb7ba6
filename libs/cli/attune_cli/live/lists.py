"""A list that is shown again whenever something has happened."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attune_cli.output import Format, as_json, console, pick, text_of
from attune_cli.session import ask

if TYPE_CHECKING:
    from rich.console import RenderableType

    from attune_client import AsyncAttune

CALM_SECONDS = 0.3
SILENT_SECONDS = 5.0

Read = Callable[["AsyncAttune"], Awaitable[Sequence[Mapping[str, Any]]]]


def watch_rows(read: Read, form: Format, columns: Mapping[str, str]) -> None:
    """Until Ctrl-C: a table in its place on a terminal, a line of JSON for every row that is new or changed else."""
    if form is Format.TABLE and console().is_terminal:
        watch_screen(lambda attune: _as_table(attune, read, columns))
    else:
        ask(lambda attune: _print_changes(attune, read))


def watch_screen(draw: Callable[[AsyncAttune], Awaitable[RenderableType]]) -> None:
    """Draw again and again, in place, until Ctrl-C."""
    from rich.live import Live

    async def show(attune: AsyncAttune) -> None:
        with Live(await draw(attune), console=console(), screen=False, auto_refresh=False) as live:
            async for _ in moments(attune):
                live.update(await draw(attune), refresh=True)

    with contextlib.suppress(KeyboardInterrupt):
        ask(show)


async def moments(attune: AsyncAttune) -> AsyncIterator[None]:
    """Whenever it is worth looking: soon after something has happened, every five seconds anyway."""
    happened = asyncio.Event()
    listening = asyncio.create_task(_listen(attune, happened))
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SILENT_SECONDS):
                    await happened.wait()
            happened.clear()
            yield
            await asyncio.sleep(CALM_SECONDS)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(attune: AsyncAttune, happened: asyncio.Event) -> None:
    from attune_client.errors import ApiError, StreamUnavailable

    with contextlib.suppress(StreamUnavailable, ApiError):
        async for _ in attune.follow(kind="executions,workflows"):
            happened.set()


async def _as_table(attune: AsyncAttune, read: Read, columns: Mapping[str, str]) -> RenderableType:
    return table(await read(attune), columns)


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], title: str = "") -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", title=title, title_justify="left")
    for heading in columns:
        made.add_column(heading)
    for row in rows:
        made.add_row(*(Text(text_of(pick(row, key))) for key in columns.values()))
    return made


async def _print_changes(attune: AsyncAttune, read: Read) -> None:
    known: dict[Any, Mapping[str, Any]] = {}
    while True:
        rows = await read(attune)
        for row in reversed(rows):
            if known.get(row.get("id")) != row:
                print(as_json(row), flush=True)
        known = {row.get("id"): row for row in rows}
        async for _ in moments(attune):
            break
