"""`attune config`: the profiles that logins have made."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.output import Format, Output, say, show_rows

app = typer.Typer(name="config", help="Profiles: platforms and whom you are logged in as.", no_args_is_help=True)
_SHOWN = ("api_url", "login", "expires")
Name = Annotated[str, typer.Argument(help="The profile's name.")]


@app.command("list")
def list_(output: Output = Format.TABLE) -> None:
    """All profiles, never with their tokens."""
    from attune_client import profiles

    kept = profiles.load()
    rows = [
        {"name": name, "current": name == kept.current, **{key: getattr(one, key) for key in _SHOWN}}
        for name, one in sorted(kept.known.items())
    ]
    columns = {"NAME": "name", "CURRENT": "current", "API": "api_url", "LOGIN": "login", "EXPIRES": "expires"}
    show_rows(rows, output, columns)


@app.command()
def use(name: Name, output: Output = Format.TABLE) -> None:
    """Use this profile when none is named."""
    from attune_client import profiles

    kept = profiles.load()
    kept.get(name)
    kept.current = name
    profiles.save(kept)
    say(f"{name} is the current profile", output)


@app.command()
def remove(name: Name, output: Output = Format.TABLE) -> None:
    """Forget a profile. Its session goes on until it ends: `attune logout` ends it."""
    from attune_client import profiles

    kept = profiles.load()
    kept.get(name)
    del kept.known[name]
    kept.current = "" if kept.current == name else kept.current
    profiles.save(kept)
    say(f"{name} is forgotten", output)
