"""`attune pack config`: the settings of a pack."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import casting, parameters
from attune_cli.output import Format, Output, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune
    from attune_client.models import Pack

app = typer.Typer(name="config", help="The settings of a pack.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(help="The pack's ref.")]
_COLUMNS = {"SETTING": "name", "VALUE": "value", "FROM": "from", "TYPE": "type", "DESCRIPTION": "description"}


@app.command()
def show(ref: Ref, output: Output = Format.TABLE) -> None:
    """Every setting with its value, and where that comes from."""
    _show(ask(lambda attune: attune.packs.get(ref)), output)


@app.command("set")
def set_(
    ref: Ref,
    param: parameters.Given = None,
    params_file: parameters.GivenFile = None,
    secret: Annotated[
        list[str] | None, typer.Option(help="A setting that is asked for, or read from a pipe. Repeatable.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Set some settings; the others stay. All are checked, and nothing changes when one is refused."""
    values = parameters.read(param, params_file)
    texts = parameters.texts(param)
    values |= {name: _asked(name) for name in secret or ()}
    if not values:
        raise typer.BadParameter("name what to set", param_hint="--param")
    _show(ask(lambda attune: _set(attune, ref, values, texts)), output)


@app.command()
def unset(
    ref: Ref,
    names: Annotated[list[str], typer.Argument(help="The settings.")],
    output: Output = Format.TABLE,
) -> None:
    """Let settings be again what they are when nobody sets them."""
    _show(ask(lambda attune: attune.packs.configure(ref, {}, names)), output)


async def _set(attune: AsyncAttune, ref: str, values: dict[str, Any], texts: frozenset[str]) -> Pack:
    pack = await attune.packs.get(ref)
    schema: Any = pack.get("conf_schema")
    return await attune.packs.configure(ref, casting.cast(values, texts, schema))


def _asked(name: str) -> str:
    """Never an argument: those can be seen by others."""
    return str(typer.prompt(name, hide_input=True)) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _show(pack: Mapping[str, Any], output: Output) -> None:
    properties = (pack.get("conf_schema") or {}).get("properties") or {}
    config = pack.get("config") or {}
    rows = [
        {
            "name": name,
            "value": config.get(name),
            "from": _origin(pack, name),
            "type": part.get("type"),
            "secret": part.get("secret") is True,
            "description": part.get("description"),
        }
        for name in dict.fromkeys((*properties, *config))
        for part in [properties.get(name) or {}]
    ]
    show_rows(rows, output, _COLUMNS)


def _origin(pack: Mapping[str, Any], name: str) -> str:
    if name in (pack.get("config_set") or ()):
        return "set"
    if name not in (pack.get("config") or {}):
        return "missing" if name in ((pack.get("conf_schema") or {}).get("required") or ()) else ""
    return "environment" if name in (pack.get("config_file") or ()) else "default"
