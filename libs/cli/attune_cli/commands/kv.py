"""`attune kv`: the datastore."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from attune_cli.output import Format, Output, say, text_of
from attune_cli.output import show as show_value
from attune_cli.session import ask

app = typer.Typer(name="kv", help="The datastore: keys and JSON values.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="The key.")]


@app.command()
def get(key: Key, output: Output = Format.TABLE) -> None:
    """Print the value of a key."""
    value = ask(lambda attune: attune.kv.get(key))
    show_value(value, output, lambda: text_of(value))


@app.command("set")
def set_(
    key: Key,
    value: Annotated[str, typer.Argument(help="JSON; anything else is taken as text.")],
    output: Output = Format.TABLE,
) -> None:
    """Store a value."""
    ask(lambda attune: attune.kv.put(key, _parsed(value)))
    say(f"{key} is stored", output)


@app.command()
def delete(key: Key, output: Output = Format.TABLE) -> None:
    """Remove a key."""
    ask(lambda attune: attune.kv.remove(key))
    say(f"{key} is removed", output)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
