"""`attune action`: what can be run."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.output import Format, Output, show_record, show_rows
from attune_cli.session import ask

app = typer.Typer(name="action", help="Actions: what can be run.", no_args_is_help=True)


@app.command("list")
def list_(
    pack: Annotated[str | None, typer.Option(help="Only those of this pack.")] = None, output: Output = Format.TABLE
) -> None:
    """All actions, workflows among them."""
    columns = {"REF": "ref", "RUNTIME": "runtime", "WORKFLOW": "is_workflow", "LABEL": "label"}
    show_rows(ask(lambda attune: attune.platform.actions(pack)), output, columns)


@app.command()
def show(
    ref: Annotated[str, typer.Argument(help="The action's ref.")],
    output: Output = Format.TABLE,
) -> None:
    """One action, with what it takes and what it gives."""
    names = ("ref", "label", "description", "runtime", "entry_point", "pool", "enabled", "param_schema", "out_schema")
    show_record(ask(lambda attune: attune.platform.action(ref)), output, {name: name for name in names})
