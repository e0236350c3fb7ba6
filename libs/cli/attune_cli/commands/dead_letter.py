"""`attune dead-letter`: messages that no service could handle."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.listing import Limit, show_list, statuses
from attune_cli.output import Format, Output, say, show_record
from attune_cli.session import ask

app = typer.Typer(name="dead-letter", help="Messages that no service could handle.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="The dead letter's id.", min=1)]
_NEW = ["new"]
_COLUMNS = {
    "ID": "id",
    "QUEUE": "queue",
    "STATUS": "status",
    "BYTES": "size",
    "SINCE": "created",
    "REASON": "reason",
}
_FIELDS = {
    "dead letter": "id",
    "queue": "queue",
    "routing key": "routing_key",
    "reason": "reason",
    "status": "status",
    "waits for incident": "incident",
    "bytes": "size",
    "since": "created",
    "closed": "closed",
    "closed by": "closed_by",
    "content": "content",
    "text": "text",
    "base64": "base64",
}


@app.command("list")
def list_(
    status: Annotated[list[str], typer.Option(help="new, replayed, discarded, several with commas; or all.")] = _NEW,
    queue: Annotated[str | None, typer.Option(help="Only those that this queue refused.")] = None,
    limit: Limit = 20,
    output: Output = Format.TABLE,
) -> None:
    """The newest, those that nobody has looked after unless told otherwise."""
    wanted = statuses(status)
    show_list(lambda attune: attune.dead_letters.list(status=wanted, queue=queue, limit=limit), output, _COLUMNS)


@app.command()
def show(letter: Id, output: Output = Format.TABLE) -> None:
    """One dead letter with what it says."""
    show_record(ask(lambda attune: attune.dead_letters.get(letter)), output, _FIELDS)


@app.command()
def replay(letter: Id, output: Output = Format.TABLE) -> None:
    """Give it back to the queue that refused it. What is refused again becomes a new dead letter."""
    show_record(ask(lambda attune: attune.dead_letters.replay(letter)), output, _FIELDS)
    say(f"dead letter {letter} is on its way to its queue", output)


@app.command()
def discard(letter: Id, output: Output = Format.TABLE) -> None:
    """Decide that nobody needs it."""
    show_record(ask(lambda attune: attune.dead_letters.discard(letter)), output, _FIELDS)
    say(f"dead letter {letter} is discarded", output)
