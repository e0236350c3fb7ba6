"""`attune trigger`: the registered triggers."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.output import Format, Output, show_record, show_rows
from attune_cli.session import ask

app = typer.Typer(name="trigger", help="Triggers: what can happen outside.", no_args_is_help=True)


@app.command("list")
def list_(output: Output = Format.TABLE) -> None:
    """All triggers."""
    columns = {"REF": "ref", "KIND": "kind", "WEBHOOK": "webhook_key", "LABEL": "label"}
    show_rows(ask(lambda attune: attune.automation.triggers()), output, columns)


@app.command()
def show(
    ref: Annotated[str, typer.Argument(help="The trigger's ref.")],
    output: Output = Format.TABLE,
) -> None:
    """One trigger."""
    names = ("ref", "label", "description", "kind", "webhook_key", "param_schema", "payload_schema")
    show_record(ask(lambda attune: attune.automation.trigger(ref)), output, {name: name for name in names})
