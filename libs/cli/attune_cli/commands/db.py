"""`attune db`: the database's schema."""

from __future__ import annotations

import typer

from attune_cli.output import Format, Output, say, show_rows

app = typer.Typer(name="db", help="The database.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The database."""


@app.command()
def migrate(output: Output = Format.TABLE) -> None:
    """Bring the schema of ATTUNE_DATABASE_URL to this version. Safe to repeat and to run in parallel."""
    import asyncio

    from attune_cli.servers import load_settings, migrate_database

    applied = asyncio.run(migrate_database(load_settings().database_url))
    if output is Format.TABLE and not applied:
        say("the schema is up to date")
        return
    show_rows([{"migration": name} for name in applied], output, {"APPLIED": "migration"})
