"""`attune enforcement`: what the rules said of events, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.listing import Limit, show_list
from attune_cli.output import Format, Output, show_record
from attune_cli.session import ask

app = typer.Typer(name="enforcement", help="Verdicts of rules on events.", no_args_is_help=True)


@app.command("list")
def list_(
    rule: Annotated[str | None, typer.Option(help="Only those of this rule.")] = None,
    event: Annotated[int | None, typer.Option(help="Only those on this event.", min=1)] = None,
    limit: Limit = 20,
    output: Output = Format.TABLE,
) -> None:
    """The newest verdicts, each with its reason."""
    columns = {
        "ID": "id", "RULE": "rule", "EVENT": "event", "MATCHED": "matched", "EXECUTION": "execution",
        "REASON": "reason", "CREATED": "created",
    }  # fmt: skip
    show_list(lambda attune: attune.automation.enforcements(event, rule=rule, limit=limit), output, columns)


@app.command()
def show(
    enforcement: Annotated[int, typer.Argument(help="The verdict's id.", min=1)],
    output: Output = Format.TABLE,
) -> None:
    """One verdict."""
    names = ("id", "rule", "event", "matched", "reason", "execution", "created")
    found = ask(lambda attune: attune.automation.enforcement(enforcement))
    show_record(found, output, {name: name for name in names})
