"""Lines of executions on the screen: as they are, or with the task that wrote them in front."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

from attune_cli.output import Format, console
from attune_cli.output import show as show_value
from attune_cli.terminal import harmless

if TYPE_CHECKING:
    from attune_client import AsyncAttune
    from attune_client.models import LogEntry

_STYLES = {"stderr": "red", "system": "dim"}
_SECONDS = 23
_VISIBLE = {code: chr(0x2400 + code) for code in range(32) if code != 9} | {0x7F: "\u2421", 0x9B: "\u241b"}
"""What a line says to a terminal is shown, not done."""


class Printer:
    """`times`: with the time in front. Lines of a workflow's tasks have the task in front."""

    def __init__(self, times: bool) -> None:
        self._times, self._screen = times, console()

    def show(self, lines: Iterable[LogEntry]) -> None:
        for line in lines:
            front = f"{line['time'][:_SECONDS].replace('T', ' ')} " if self._times else ""
            text = f"{front}{_task(line)}{line['line'].translate(_VISIBLE)}"
            if not self._screen.is_terminal:
                print(harmless(text))
                continue
            self._screen.print(text, markup=False, highlight=False, soft_wrap=True, style=_STYLES.get(line["stream"]))


def _task(line: LogEntry) -> str:
    name, index = line.get("task_name"), line.get("task_index")
    if not name:
        return ""
    return f"{name} | " if index is None else f"{name}[{index}] | "


async def show_logs(
    attune: AsyncAttune, execution: int, tail: int | None, attempt: int | None, output: Format, printer: Printer
) -> None:
    from attune_client.logs import in_time

    tree = attempt is None
    if tail is None:
        pages = attune.executions.log_pages(execution, tree=tree, attempt=attempt)
    else:
        pages = _one(await attune.executions.logs(execution, tree=tree, tail=tail, attempt=attempt))
    if output is not Format.TABLE:
        show_value([line async for line in in_time(pages)], output, str)
        return
    async for line in in_time(pages):
        printer.show([line])


async def _one(page: list[LogEntry]) -> AsyncIterator[list[LogEntry]]:
    yield page


async def follow_logs(attune: AsyncAttune, execution: int, tail: int | None, output: Format, printer: Printer) -> None:
    """Until it has ended. Other formats than the table give one JSON document per line."""
    async for line in attune.follow_logs(execution, tail=tail):
        if output is Format.TABLE:
            printer.show([line])
        else:
            print(json.dumps(line, ensure_ascii=False, default=str))
        sys.stdout.flush()
