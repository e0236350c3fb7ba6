"""`attune kv`: the datastore."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from attune_cli import moments
from attune_cli.output import Format, Output, say, show_record, show_rows, text_of
from attune_cli.output import show as show_value
from attune_cli.session import ask

app = typer.Typer(name="kv", help="The datastore: keys and JSON values.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="NAME, pack:PACK/NAME or identity:me/NAME.")]
Ttl = Annotated[str | None, typer.Option(help="How long it stays: 90s, 15m, 12h, 30d. [default: for ever]")]
Version = Annotated[int | None, typer.Option(help="Only while it has this version.", min=1)]
_FIELDS = {name: name for name in ("key", "value", "version", "expires", "updated")}


@app.command()
def get(key: Key, output: Output = Format.TABLE) -> None:
    """Print the value of a key."""
    value = ask(lambda attune: attune.kv.get(key))
    show_value(value, output, lambda: text_of(value))


@app.command()
def show(key: Key, output: Output = Format.TABLE) -> None:
    """The value with its version and its end."""
    show_record(ask(lambda attune: attune.kv.entry(key)), output, _FIELDS)


@app.command("list")
def list_(
    prefix: Annotated[str, typer.Argument(help="What the keys begin with: pack:web/")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Keys and values."""
    columns = {"KEY": "key", "VALUE": "value", "VERSION": "version", "EXPIRES": "expires"}
    show_rows(ask(lambda attune: attune.kv.all(prefix)), output, columns)


@app.command("set")
def set_(
    key: Key,
    value: Annotated[str, typer.Argument(help="JSON; anything else is taken as text.")],
    ttl: Ttl = None,
    version: Version = None,
    new: Annotated[bool, typer.Option("--new", help="Only when there is none.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Store a value."""
    if new and version is not None:
        raise typer.BadParameter("give either --new or --version")
    seconds = moments.seconds(ttl)
    ask(lambda attune: attune.kv.put(key, _parsed(value), ttl=seconds, version=version, new=new))
    say(f"{key} is stored", output)


@app.command()
def increment(
    key: Key,
    by: Annotated[float, typer.Option(help="What to add; negative to take away.")] = 1,
    ttl: Ttl = None,
    output: Output = Format.TABLE,
) -> None:
    """Add to a number, in one step; a key that is not there counts from 0."""
    amount, seconds = int(by) if by.is_integer() else by, moments.seconds(ttl)
    value = ask(lambda attune: attune.kv.increment(key, amount, ttl=seconds))["value"]
    show_value(value, output, lambda: text_of(value))


@app.command()
def delete(key: Key, version: Version = None, output: Output = Format.TABLE) -> None:
    """Remove a key."""
    ask(lambda attune: attune.kv.remove(key, version=version))
    say(f"{key} is removed", output)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
