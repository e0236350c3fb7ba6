"""`attune audit`: who did what, and whether the trail of it is whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from attune_cli import moments
from attune_cli.listing import Limit, Since, Until
from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="audit", help="The audit trail.", no_args_is_help=True)
_VERIFIED = {"whole": "ok", "entries": "entries", "first": "first", "last": "last", "head": "head", "broken": "broken"}


@app.command("list")
def list_(
    login: Annotated[str | None, typer.Option(help="Only what this login did.")] = None,
    action: Annotated[str | None, typer.Option(help="secret.read, or all of `secret`.")] = None,
    subject: Annotated[str | None, typer.Option(help="What it was done to.")] = None,
    outcome: Annotated[str | None, typer.Option(help="done, refused or failed.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    output: Output = Format.TABLE,
) -> None:
    """Who did what, newest first."""
    given = {"login": login, "action": action, "subject": subject, "outcome": outcome, **moments.between(since, until)}
    columns = {
        "TIME": "time", "LOGIN": "login", "ACTION": "action", "SUBJECT": "subject", "OUTCOME": "outcome",
        "DETAIL": "detail", "FROM": "address",
    }  # fmt: skip
    show_rows(ask(lambda attune: attune.audit.list(limit=limit, **given)), output, columns)


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Option(help="An export; needs no platform.", exists=True, dir_okay=False)
    ] = None,
    seen: Annotated[str, typer.Option(help="POSITION:HASH of an earlier check, which must still be there.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Is the trail whole and unchanged? Exit code 1 when it is not."""
    position, hash = _seen(seen)
    if file is not None:
        from attune_cli.trail import verify_file

        found: Any = verify_file(file, position, hash)
    else:
        found = ask(lambda attune: attune.audit.verify(position, hash))
    show_record(found, output, _VERIFIED)
    if not found["ok"]:
        raise typer.Exit(1)
    say(f"keep it elsewhere for the next time: --seen {found['last']}:{found['head']}", output)


@app.command()
def export(
    file: Annotated[Path | None, typer.Option(help="Where to. [default: stdout]", dir_okay=False)] = None,
    after: Annotated[int, typer.Option(help="Only positions above this one.", min=0)] = 0,
    output: Output = Format.TABLE,
) -> None:
    """Write the trail, one JSON document a line, with the hashes of the chain."""
    if file is None:
        ask(lambda attune: _export(attune, after, sys.stdout))
        return
    with file.open("w", encoding="utf-8") as stream:
        count = ask(lambda attune: _export(attune, after, stream))
    show_record({"entries": count, "file": str(file)}, output, {"entries": "entries", "file": "file"})


async def _export(attune: AsyncAttune, after: int, stream: TextIO) -> int:
    count = 0
    async for line in attune.audit.export(after):
        stream.write(line + "\n")
        count += 1
    return count


def _seen(text: str) -> tuple[int | None, str | None]:
    if not text:
        return None, None
    position, _, hash = text.partition(":")
    if not position.isdecimal() or len(hash) != 64:
        raise typer.BadParameter("is POSITION:HASH, as an earlier check has told them", param_hint="--seen")
    return int(position), hash
