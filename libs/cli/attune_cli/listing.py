"""Lists: the options that they have in common, and showing them once or for as long as one looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from attune_cli.output import Format, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_cli.live.lists import Read

ALL = "all"

Limit = Annotated[int, typer.Option(min=1, max=200, help="So many at most, the newest.")]
Since = Annotated[str | None, typer.Option(help="Made since then: 2h, 7d, or a date.")]
Until = Annotated[str | None, typer.Option(help="Made before then: 2h, 7d, or a date.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show what changes, until Ctrl-C.")]


def statuses(given: list[str] | None) -> list[str] | None:
    """`--status failed,timeout`: each may be several with commas; None for all."""
    wanted = [name.strip() for text in given or () for name in text.split(",") if name.strip()]
    return None if not wanted or ALL in wanted else wanted


def show_list(read: Read, output: Format, columns: Mapping[str, str], *, watch: bool = False) -> None:
    """What `read` gives, as a table, JSON or YAML; with `watch` again whenever something happens."""
    if not watch:
        show_rows(ask(read), output, columns)
        return
    from attune_cli.live.lists import watch_rows

    watch_rows(read, output, columns)
