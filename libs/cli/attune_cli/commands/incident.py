"""`attune incident`: what must not happen and did, and how it goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.listing import Limit, show_list, statuses
from attune_cli.output import Format, Output, say, show_record
from attune_cli.session import ask

app = typer.Typer(name="incident", help="What was set aside because it failed by itself.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="The incident's id.", min=1)]
_OPEN = ["open"]
_FIELDS = {
    "incident": "id",
    "kind": "kind",
    "subject": "subject",
    "error": "error",
    "messages kept": "kept",
    "since": "created",
    "last seen": "seen",
    "resolved": "resolved",
    "resolution": "resolution",
    "resolved by": "resolved_by",
    "note": "note",
    "trace": "detail.trace",
}


@app.command("list")
def list_(
    status: Annotated[list[str], typer.Option(help="open, resolved; or all.")] = _OPEN,
    kind: Annotated[str | None, typer.Option(help="poison (failed again and again by itself) or stuck_run.")] = None,
    limit: Limit = 20,
    output: Output = Format.TABLE,
) -> None:
    """The newest, those that are open unless told otherwise."""
    wanted = statuses(status)
    columns = {"ID": "id", "KIND": "kind", "SUBJECT": "subject", "SINCE": "created", "ERROR": "error"}
    if wanted != _OPEN:
        columns["RESOLUTION"] = "resolution"
    show_list(lambda attune: attune.incidents.list(status=wanted, kind=kind, limit=limit), output, columns)


@app.command()
def show(incident: Id, output: Output = Format.TABLE) -> None:
    """One incident with what is known of it, and what can be done."""
    found = ask(lambda attune: attune.incidents.get(incident))
    show_record(found, output, _FIELDS)
    if found.get("resolved") is None:
        command = f"attune incident resolve {incident}"
        say(f"when the cause is gone, `{command}` lets it go on; `{command} --cancel` ends it", output)


@app.command()
def resolve(
    incident: Id,
    cancel: Annotated[bool, typer.Option("--cancel", help="End the run or execution instead.")] = False,
    note: Annotated[str, typer.Option(help="For whoever reads this later.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Let what was set aside go on. If the cause is still there, a new incident is opened soon."""
    resolved = ask(lambda attune: attune.incidents.resolve(incident, "cancel" if cancel else "continue", note))
    show_record(resolved, output, _FIELDS)
    say(f"{resolved.get('subject')} {'is being cancelled' if cancel else 'goes on'}", output)
