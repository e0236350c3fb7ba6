"""`attune trigger`: the registered triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli.output import Format, Output, show_record, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="trigger", help="Triggers: what can happen outside.", no_args_is_help=True)


@app.command("list")
def list_(
    pack: Annotated[str | None, typer.Option(help="Only those of this pack.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """All triggers."""
    columns = {"REF": "ref", "KIND": "kind", "WEBHOOK": "webhook_key", "LABEL": "label"}
    show_rows(ask(lambda attune: attune.automation.triggers(pack)), output, columns)


@app.command()
def show(
    ref: Annotated[str, typer.Argument(help="The trigger's ref.")],
    output: Output = Format.TABLE,
) -> None:
    """One trigger."""
    names = ("ref", "label", "description", "kind", "webhook", "spec", "timers", "param_schema", "payload_schema")
    show_record(ask(lambda attune: _with_address(attune, ref)), output, {name: name for name in names})


async def _with_address(attune: AsyncAttune, ref: str) -> dict[str, Any]:
    """The trigger, with the address to post to when it is a webhook."""
    found = await attune.automation.trigger(ref)
    if not found.get("webhook_key"):
        return found
    return {**found, "webhook": f"{attune.transport.address.url}/api/v1/webhooks/{found['webhook_key']}"}
