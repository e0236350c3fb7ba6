"""The `attune` command. Modules of commands load quickly: whatever is heavy is imported when it is used."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from attune_cli import session
from attune_cli.commands import (
    db,
    demo,
    dev,
    event,
    execution,
    inquiry,
    kv,
    pack,
    rule,
    schema,
    sensor,
    services,
    trigger,
    workflow,
)
from attune_cli.exits import Exit

app = typer.Typer(
    name="attune",
    help="Event-driven automation and workflows. Start with `attune dev`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
dev.add_to(app)
demo.add_to(app)
for _group in (pack, workflow, execution, inquiry, rule, trigger, event, sensor, kv, db):
    app.add_typer(_group.app)
schema.add_to(app)
services.add_to(app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("attune-flow"))
        raise typer.Exit()


@app.callback()
def root(
    api_url: Annotated[
        str, typer.Option(help="Where the API is. Else ATTUNE_API_URL, else a running `attune dev`.")
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    session.choose(api_url)


def main() -> None:
    """Run the command line; errors that a user can meet become a sentence and an exit code."""
    from attune_core.errors import AttuneError

    try:
        app()
    except AttuneError as error:
        from attune_cli.problems import report

        sys.exit(report(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
            sys.exit(Exit.OK)
        from attune_cli.problems import report

        sys.exit(report(AttuneError(str(error), code="system_error")))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
