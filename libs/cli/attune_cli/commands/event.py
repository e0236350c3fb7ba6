"""`attune event`: what happened, what the rules made of it; send one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import casting, moments, parameters
from attune_cli.listing import Limit, Since, Until, Watch, show_list
from attune_cli.output import Format, Output, show_record
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="event", help="Events: triggers that fired.", no_args_is_help=True)


@app.command("list")
def list_(
    limit: Limit = 20,
    trigger: Annotated[str | None, typer.Option(help="Only those of this trigger.")] = None,
    pack: Annotated[str | None, typer.Option(help="Only those of this pack's triggers.")] = None,
    trace: Annotated[str | None, typer.Option(help="Only those of this trace.")] = None,
    since: Since = None,
    until: Until = None,
    watch: Watch = False,
    output: Output = Format.TABLE,
) -> None:
    """The newest events."""
    columns = {"ID": "id", "TRIGGER": "trigger", "CREATED": "created", "PAYLOAD": "payload"}
    rest = {"pack": pack, "trace_id": trace, **moments.between(since, until)}
    show_list(lambda attune: attune.automation.events(limit, trigger, **rest), output, columns, watch=watch)


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
    payload, texts = parameters.read(param, params_file), parameters.texts(param)
    event = ask(lambda attune: _emit(attune, trigger, payload, texts, key))
    show_record(event, output, {"event": "id", "trigger": "trigger"})


@app.command("re-emit")
def re_emit(
    event: Annotated[int, typer.Argument(help="The event's id.", min=1)],
    output: Output = Format.TABLE,
) -> None:
    """Let it happen once more: a new event, for the rules as they are now."""
    found = ask(lambda attune: attune.automation.emit_again(event))
    show_record(found, output, {"event": "id", "trigger": "trigger"})


async def _emit(
    attune: AsyncAttune, trigger: str, payload: dict[str, Any], texts: frozenset[str], key: str | None
) -> Mapping[str, Any]:
    """Words become what the trigger's schema asks for."""
    return await attune.automation.emit(trigger, await casting.for_trigger(attune, trigger, payload, texts), key)


async def _with_verdicts(attune: AsyncAttune, event: int) -> dict[str, Any]:
    found = await attune.automation.event(event)
    return {**found, "enforcements": await attune.automation.enforcements(event)}
