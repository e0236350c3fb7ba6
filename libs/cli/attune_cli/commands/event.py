"""`attune event`: what happened, what the rules made of it; send one by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import parameters
from attune_cli.output import Format, Output, show_record, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="event", help="Events: triggers that fired.", no_args_is_help=True)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    trigger: Annotated[str | None, typer.Option(help="Only those of this trigger.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """The newest events."""
    columns = {"ID": "id", "TRIGGER": "trigger", "CREATED": "created", "PAYLOAD": "payload"}
    show_rows(ask(lambda attune: attune.automation.events(limit, trigger)), output, columns)


@app.command()
def show(
    event: Annotated[int, typer.Argument(help="The event's id.", min=1)],
    output: Output = Format.TABLE,
) -> None:
    """One event with the verdicts of the rules."""
    fields = {"event": "id", "trigger": "trigger", "payload": "payload", "source": "source", "rules": "enforcements"}
    show_record(ask(lambda attune: _with_verdicts(attune, event)), output, fields)


@app.command()
def emit(
    trigger: Annotated[str, typer.Argument(help="The trigger's ref.")],
    param: parameters.Given = None,
    params_file: parameters.GivenFile = None,
    key: Annotated[str | None, typer.Option(help="Of events with the same key only the first counts.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Let a trigger fire; the parameters are its payload."""
    payload = parameters.read(param, params_file)
    event = ask(lambda attune: attune.automation.emit(trigger, payload, key))
    show_record(event, output, {"event": "id", "trigger": "trigger"})


@app.command("re-emit")
def re_emit(
    event: Annotated[int, typer.Argument(help="The event's id.", min=1)],
    output: Output = Format.TABLE,
) -> None:
    """Let it happen once more: a new event, for the rules as they are now."""
    found = ask(lambda attune: attune.automation.emit_again(event))
    show_record(found, output, {"event": "id", "trigger": "trigger"})


async def _with_verdicts(attune: AsyncAttune, event: int) -> dict[str, Any]:
    found = await attune.automation.event(event)
    return {**found, "enforcements": await attune.automation.enforcements(event)}
