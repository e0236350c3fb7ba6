"""The `attune` command. Modules of commands load quickly: whatever is heavy is imported when it is used."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli import session, teaching
from attune_cli.commands import (
    action,
    audit,
    config,
    db,
    dead_letter,
    demo,
    dev,
    enforcement,
    event,
    execution,
    identity,
    incident,
    inquiry,
    kv,
    login,
    pack,
    policy,
    rule,
    schema,
    secret,
    sensor,
    services,
    token,
    top,
    trigger,
    workflow,
)
from attune_cli.entry import heed_interrupts
from attune_cli.mishaps import told

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
login.add_to(app)
top.add_to(app)
for _group in (
    pack, action, workflow, execution, inquiry, rule, policy, trigger, event, enforcement, sensor, kv, secret, incident,
    dead_letter, token, identity, audit, config, db,
):  # fmt: skip
    app.add_typer(_group.app)
schema.add_to(app)
services.add_to(app)
teaching.teach(app)


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
    profile: Annotated[
        str, typer.Option(help="Whom to ask as, and where: a name that `attune login` made. Else ATTUNE_PROFILE.")
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    heed_interrupts()
    session.choose(api_url, profile)


def main() -> None:
    """Run the command line; errors that a user can meet become a sentence and an exit code."""
    told(app)
