"""`attune inquiry`: questions to people, and their answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import parameters
from attune_cli.listing import Limit, show_list, statuses
from attune_cli.output import Format, Output, say, show_record
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client.models import Inquiry

app = typer.Typer(name="inquiry", help="Questions that workflows wait with.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="The inquiry's id.", min=1)]
_PENDING = ["pending"]
_COLUMNS = {
    "ID": "id",
    "PROMPT": "prompt",
    "STATUS": "status",
    "ASSIGNED TO": "assigned_to",
    "UNTIL": "timeout_at",
    "TASK": "task_name",
    "EXECUTION": "execution",
}
_FIELDS = {
    "inquiry": "id",
    "prompt": "prompt",
    "status": "status",
    "assigned to": "assigned_to",
    "until": "timeout_at",
    "answer's schema": "schema",
    "default": "default",
    "response": "response",
    "answered by": "responded_by",
    "closed": "closed",
    "execution": "execution",
    "workflow execution": "workflow_execution",
    "task": "task_name",
    "item": "task_index",
}


@app.command("list")
def list_(
    status: Annotated[
        list[str], typer.Option(help="pending, responded, timeout, cancelled, several with commas; or all.")
    ] = _PENDING,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you are asked.")] = False,
    execution: Annotated[int | None, typer.Option(help="Only that of this execution.")] = None,
    limit: Limit = 20,
    output: Output = Format.TABLE,
) -> None:
    """The newest questions, those that wait unless told otherwise."""
    wanted = statuses(status)
    filters: dict[str, Any] = {"status": wanted, "mine": mine, "execution": execution}
    show_list(lambda attune: attune.inquiries.list(limit=limit, **filters), output, _COLUMNS)


@app.command()
def show(inquiry: Id, output: Output = Format.TABLE) -> None:
    """One question with what an answer has to look like."""
    show_record(ask(lambda attune: attune.inquiries.get(inquiry)), output, _FIELDS)


@app.command()
def answer(
    inquiry: Id,
    param: parameters.Given = None,
    params_file: parameters.GivenFile = None,
    response: Annotated[str | None, typer.Option(help="The whole answer as JSON.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Answer a question. At a terminal it asks for what is wanted."""
    given = _given(param, params_file, response)
    found = ask(lambda attune: attune.inquiries.get(inquiry)) if given is None or param else None
    value = _answer(found, given, param)
    answered = ask(lambda attune: attune.inquiries.respond(inquiry, value))
    show_record(answered, output, _FIELDS)
    say(f"inquiry {inquiry} is answered", output)


def _given(param: list[str] | None, file: Path | None, response: str | None) -> dict[str, Any] | tuple[Any] | None:
    """Fields, or the whole answer in a tuple; None when the terminal is to be asked. Errors: typer.BadParameter."""
    if response is not None:
        if param or file:
            raise typer.BadParameter("give either --response or fields", param_hint="--response")
        try:
            return (json.loads(response),)
        except ValueError as problem:
            raise typer.BadParameter(f"{response!r}: {problem}", param_hint="--response") from problem
    if param or file:
        return parameters.read(param, file)
    if sys.stdin.isatty():
        return None
    raise typer.BadParameter("nobody is here to ask: give -p NAME=VALUE or --response JSON")


def _answer(found: Inquiry | None, given: dict[str, Any] | tuple[Any] | None, param: list[str] | None) -> Any:
    if isinstance(given, tuple):
        return given[0]
    schema = found.get("schema") if found is not None else None
    if given is None:
        return _asked(found, schema)
    from attune_cli.casting import cast

    return cast(given, parameters.texts(param), schema)


def _asked(found: Inquiry | None, schema: dict[str, Any] | None) -> Any:
    """What is closed is not asked for; the API says why it takes nothing."""
    from attune_cli.asking import ask_for

    if found is None or found.get("status") != "pending":
        return None
    say(found.get("prompt", ""))
    return ask_for(schema)
