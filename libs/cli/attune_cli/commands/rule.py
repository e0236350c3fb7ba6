"""`attune rule`: the registered rules."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.output import Format, Output, show_record, show_rows
from attune_cli.session import ask

app = typer.Typer(name="rule", help="Rules: which trigger starts what.", no_args_is_help=True)


@app.command("list")
def list_(output: Output = Format.TABLE) -> None:
    """All rules."""
    columns = {"REF": "ref", "TRIGGER": "trigger", "ACTION": "action", "ENABLED": "enabled"}
    show_rows(ask(lambda attune: attune.automation.rules()), output, columns)


@app.command()
def show(
    ref: Annotated[str, typer.Argument(help="The rule's ref.")],
    output: Output = Format.TABLE,
) -> None:
    """One rule."""
    names = ("ref", "label", "description", "trigger", "criteria", "when", "action", "parameters", "enabled")
    show_record(ask(lambda attune: attune.automation.rule(ref)), output, {name: name for name in names})
