"""What commands print: a table for people, JSON or YAML for programs, always the same data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PLAIN_WIDTH = 240
STEERING = "[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
"""What moves a terminal's cursor, paints, or turns the direction of writing, beside the controls of ASCII."""


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


Output = Annotated[Format, typer.Option("--output", "-o", help="How to print the answer.", envvar="ATTUNE_OUTPUT")]


def console(*, stderr: bool = False) -> Console:
    """A console; one that is no terminal gets lines wide enough not to be cut, without colours."""
    from attune_cli.terminal import PlainConsole

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return PlainConsole(stderr=stderr, highlight=False, width=width, soft_wrap=width is not None)


def show(value: Any, form: Format, table: Callable[[], RenderableType]) -> None:
    """Print `value` as JSON or YAML, or what `table` makes of it."""
    match form:
        case Format.JSON:
            print(as_json(value))
        case Format.YAML:
            print(as_yaml(value), end="")
        case Format.TABLE:
            console().print(table())


def show_rows(rows: Sequence[Mapping[str, Any]], form: Format, columns: Mapping[str, str]) -> None:
    """Print a list. `columns`: heading -> key of a row, with dots for keys inside."""
    show(list(rows), form, lambda: _table(rows, columns))


def show_record(record: Mapping[str, Any], form: Format, fields: Mapping[str, str]) -> None:
    """Print one thing. `fields`: label -> key, with dots for keys inside; empty ones are left out."""
    show(record, form, lambda: _record(record, fields))


def say(message: str, form: Format = Format.TABLE) -> None:
    """A sentence for people; programs that asked for JSON or YAML do not get it."""
    if form is Format.TABLE:
        console().print(message, markup=False)


def as_json(value: Any) -> str:
    """Characters that steer a terminal stand escaped in it, as JSON allows."""
    import json
    import re

    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return re.sub(STEERING, lambda found: f"\\u{ord(found[0]):04x}", text)


def as_yaml(value: Any) -> str:
    import json

    import yaml

    plain = json.loads(json.dumps(value, default=str))
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def text_of(value: Any) -> str:
    """A cell: text as it is, other values as short JSON, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False, default=str)


def pick(row: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key, None where there is none."""
    value: Any = row
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in columns:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(text_of(pick(row, key))) for key in columns.values()))
    return table if rows else Text("nothing found", style="dim")


def _record(record: Mapping[str, Any], fields: Mapping[str, str]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold")
    table.add_column()
    for label, key in fields.items():
        value = pick(record, key)
        if value not in (None, "", [], {}):
            table.add_row(label, Text(_long_text(value)))
    return table


def _long_text(value: Any) -> str:
    return as_yaml(value).rstrip() if isinstance(value, dict | list) else text_of(value)
