"""Commands that show executions: live until the end, or as they are now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from attune_cli.exits import Exit
from attune_cli.output import Format, as_yaml, console, show, show_record
from attune_cli.session import ask
from attune_client import AsyncAttune
from attune_client.models import Execution
from attune_client.watch import Snapshot, take

if TYPE_CHECKING:
    from rich.console import Console


async def watch_on(screen: Console, attune: AsyncAttune, execution: int) -> Snapshot:
    """Show an execution on the screen until it has ended; its last snapshot."""
    if screen.is_terminal:
        return await _watch_live(screen, attune, execution)
    from attune_cli.live.plain import PlainLines

    lines = PlainLines(lambda text: screen.print(text, markup=False, soft_wrap=True))
    return await _to_the_end(attune, execution, lines.update)


async def _watch_live(screen: Console, attune: AsyncAttune, execution: int) -> Snapshot:
    from rich.live import Live

    from attune_cli.live.draw import LiveTree

    tree = LiveTree()
    with Live(tree, console=screen, refresh_per_second=8):
        return await _to_the_end(attune, execution, tree.update)


async def _to_the_end(attune: AsyncAttune, execution: int, update: Callable[[Snapshot], None]) -> Snapshot:
    last: Snapshot | None = None
    async for last in attune.watch(execution):
        update(last)
    if last is None:
        raise RuntimeError("watching ended without a snapshot")
    return last


def run_and_watch(start: Callable[[AsyncAttune], Awaitable[Execution]], form: Format) -> None:
    """Start something, follow it to its end, print its result; leave with 1 unless it completed."""

    async def work(attune: AsyncAttune) -> Snapshot:
        execution = (await start(attune))["id"]
        if form is Format.TABLE:
            return await watch_on(console(), attune, execution)
        return await _to_the_end(attune, execution, lambda _: None)

    snapshot = ask(work)
    _print_end(snapshot, form)
    if snapshot.execution.get("status") != "completed":
        raise typer.Exit(Exit.FAILED)


def show_now(execution: int, form: Format, fields: Mapping[str, str]) -> None:
    """An execution with its tasks as they are now."""
    snapshot = ask(lambda attune: take(attune.transport, execution))
    if form is not Format.TABLE:
        show(as_record(snapshot), form, str)
        return
    show_record(snapshot.execution, form, fields)
    if snapshot.tasks:
        from attune_cli.live.draw import draw

        console().print()
        console().print(draw(snapshot, datetime.now().astimezone()))


def as_record(snapshot: Snapshot) -> dict[str, Any]:
    """The execution with its tasks inside, for programs."""
    tasks = {"tasks": list(snapshot.tasks)} if snapshot.run is not None else {}
    return {**snapshot.execution, **tasks}


def _print_end(snapshot: Snapshot, form: Format) -> None:
    if form is not Format.TABLE:
        show(as_record(snapshot), form, str)
        return
    screen, execution = console(), snapshot.execution
    if error := execution.get("error"):
        kind, message = error.get("type", "error"), error.get("message", "")
        screen.print(f"error: {message} [{kind}]", style="red", markup=False)
    if (result := execution.get("result")) is not None:
        screen.print("result:", style="bold")
        screen.print(as_yaml(result).rstrip(), markup=False)
