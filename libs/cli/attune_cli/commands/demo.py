"""`attune demo`: the deploy example from the webhook to the rollback, on a platform of its own."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    services: Annotated[
        bool,
        typer.Option("--services", help="The services apart, over ATTUNE_DATABASE_URL and ATTUNE_AMQP_URL."),
    ] = False,
) -> None:
    """Deploy a good release and a broken one; exit 0 only if both end as they should."""
    from attune_cli.demo.run import demonstrate
    from attune_cli.output import console

    demonstrate(console(), services=services)
