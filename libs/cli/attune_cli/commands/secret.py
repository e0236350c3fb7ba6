"""`attune secret`: values that only actions see, and the keys that seal them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import private
from attune_cli.output import Format, Output, console, say, show_record, show_rows, text_of
from attune_cli.output import show as show_value
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="secret", help="Secrets: stored sealed, opened for actions.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="NAME, pack:PACK/NAME or identity:me/NAME.")]
_FIELDS = ("key", "description", "readers", "version", "master_key", "created", "updated")


@app.command("set")
def set_(
    key: Key,
    file: Annotated[Path | None, typer.Option(help="Take the content of this file.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The value is JSON: a map, a list, a number.")] = False,
    description: Annotated[str | None, typer.Option(help="What it is.")] = None,
    reader: Annotated[list[str] | None, typer.Option(help="Logins that alone may use it. Repeatable.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Only when there is none of that name.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Set a secret. Its value is asked for, read from stdin or from a file; it is never an argument."""
    value = _value(file, as_json=as_json)
    made = ask(lambda attune: attune.secrets.put(key, value, description=description, readers=reader or None, new=new))
    show_record(made, output, {name: name for name in _FIELDS})


@app.command()
def get(
    key: Key,
    reveal: Annotated[bool, typer.Option("--reveal", help="The value itself; the audit trail keeps it.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """What there is to know of a secret; its value only with `--reveal`."""
    if reveal:
        value = ask(lambda attune: attune.secrets.reveal(key))
        show_value(value, output, lambda: text_of(value))
        return
    show_record(ask(lambda attune: attune.secrets.get(key)), output, {name: name for name in _FIELDS})


@app.command("list")
def list_(
    prefix: Annotated[str, typer.Argument(help="What their keys begin with: pack:web/")] = "",
    output: Output = Format.TABLE,
) -> None:
    """All secrets that you may set, without their values."""
    columns = {
        "KEY": "key", "DESCRIPTION": "description", "READERS": "readers", "VERSION": "version",
        "SEALED BY": "master_key", "UPDATED": "updated",
    }  # fmt: skip
    show_rows(ask(lambda attune: attune.secrets.list(prefix)), output, columns)


@app.command()
def delete(key: Key, output: Output = Format.TABLE) -> None:
    """Remove a secret."""
    ask(lambda attune: attune.secrets.remove(key))
    say(f"{key} is removed", output)


@app.command()
def rotate(output: Output = Format.TABLE) -> None:
    """Wrap all secrets by the first master key. Safe to stop and to repeat; runs go on meanwhile."""
    done = ask(_rotate)
    fields = {"master key": "master_key", "wrapped anew": "secrets", "wrapped by": "wrapped_by", "failed": "failed"}
    show_record(done, output, fields)
    if done["failed"]:
        raise typer.Exit(1)
    say("master keys that wrap nothing any more may be taken out of the file", output)


@app.command()
def keygen(
    file: Annotated[
        Path | None, typer.Option(help="Put it first into this file of master keys.", dir_okay=False)
    ] = None,
    id: Annotated[str, typer.Option(help="The key's id. [default: a random one]")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Make a master key for ATTUNE_MASTER_KEY_FILE (or ATTUNE_MASTER_KEYS). Needs no platform."""
    from attune_common.vault import keyring

    try:
        key = keyring.new_key(id)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--id") from problem
    if file is None:
        show_value({"id": key.id, "line": key.line}, output, lambda: key.line)
        return
    keyring.put_first(file, key)
    show_record({"id": key.id, "file": str(file)}, output, {"id": "id", "file": "file"})
    say("`attune secret rotate` wraps what is there by it, when all services have the file", output)


def _value(file: Path | None, *, as_json: bool) -> Any:
    text = file.read_text(encoding="utf-8") if file else private.read_all("Value")
    if not as_json:
        return text
    try:
        return json.loads(text)
    except ValueError as problem:
        raise typer.BadParameter(f"the value is no JSON: {type(problem).__name__}", param_hint="--json") from problem


async def _rotate(attune: AsyncAttune) -> dict[str, Any]:
    from rich.progress import Progress, TextColumn

    total, after = 0, ""
    failed: list[dict[str, str]] = []
    with Progress(TextColumn("{task.description}"), console=console(stderr=True), transient=True) as progress:
        line = progress.add_task("wrapping …")
        while True:
            part = await attune.secrets.rotate(after)
            total, failed = total + part["secrets"], failed + part["failed"]
            progress.update(line, description=f"{total:,} wrapped by {part['master_key']}")
            if part["next"] is None:
                return {**part, "secrets": total, "failed": failed}
            after = part["next"]
