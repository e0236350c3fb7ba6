"""`attune db`: the database's schema."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.output import Format, Output, say, show_rows

Days = Annotated[float | None, typer.Option(min=0, help="Days; 0 keeps them for ever.", show_default=False)]

app = typer.Typer(name="db", help="The database.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The database."""


@app.command()
def prune(
    executions: Days = None,
    logs: Days = None,
    events: Days = None,
    journal: Days = None,
    audit: Days = None,
    output: Output = Format.TABLE,
) -> None:
    """Remove what is over and older than so many days, now, from ATTUNE_DATABASE_URL.

    Kinds that are not named are as ATTUNE_RETENTION__EXECUTIONS, __LOGS, __EVENTS, __JOURNAL and __AUDIT say (0: kept
    for ever); the executors remove by these, too, every minute. Nothing that has not ended is ever removed.
    """
    import asyncio

    from attune_cli.servers import prune_database
    from attune_cli.settings import load_settings

    given = {"executions": executions, "logs": logs, "events": events, "journal": journal, "audit": audit}
    days = {kind: number for kind, number in given.items() if number is not None}
    removed = asyncio.run(prune_database(load_settings(), days))
    if output is Format.TABLE and not removed:
        say("everything is kept for ever: name a kind, such as `--executions 90`, or set ATTUNE_RETENTION__EXECUTIONS")
        return
    rows = [{"kind": kind, "removed": count} for kind, count in removed.items()]
    show_rows(rows, output, {"KIND": "kind", "REMOVED": "removed"})


@app.command()
def migrate(output: Output = Format.TABLE) -> None:
    """Bring the schema of ATTUNE_DATABASE_URL to this version. Safe to repeat and to run in parallel.

    A database that the server does not have is made, if the user may make one.
    """
    import asyncio

    from attune_cli.servers import migrate_database
    from attune_cli.settings import load_settings

    applied = asyncio.run(migrate_database(load_settings().database_url))
    if output is Format.TABLE and not applied:
        say("the schema is up to date")
        return
    show_rows([{"migration": name} for name in applied], output, {"APPLIED": "migration"})
