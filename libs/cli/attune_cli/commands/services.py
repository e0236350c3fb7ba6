"""The services as processes: `attune api`, `executor`, `worker`, `notifier`, `sensor-service`; and their contract."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli.output import Format, Output
from attune_cli.output import show as show_value
from attune_cli.serve import run

PANEL = "Services"


def add_to(app: typer.Typer) -> None:
    for command in (api, executor, worker, notifier):
        app.command(rich_help_panel=PANEL)(command)
    app.command("sensor-service", rich_help_panel=PANEL)(sensor_service)
    app.command(rich_help_panel=PANEL)(asyncapi)


def api(
    host: Annotated[str | None, typer.Option(help="Where to listen. [default: ATTUNE_API_HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="[default: ATTUNE_API_PORT]")] = None,
) -> None:
    """Serve REST, webhooks and the OpenAPI document."""
    run("api", api_host=host, api_port=port)


def executor() -> None:
    """Decide: start workflows, advance them, match rules, sweep what a crash left behind."""
    run("executor")


def worker(
    pools: Annotated[str | None, typer.Option(help="Comma separated. [default: ATTUNE_WORKER_POOLS]")] = None,
    slots: Annotated[int | None, typer.Option(help="Actions at once.", min=1)] = None,
    name: Annotated[str | None, typer.Option(help="[default: host name and process id]")] = None,
) -> None:
    """Run actions."""
    run("worker", worker_pools=pools, worker_slots=slots, worker_name=name)


def notifier(
    host: Annotated[str | None, typer.Option(help="Where to listen. [default: ATTUNE_NOTIFIER_HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="[default: ATTUNE_NOTIFIER_PORT]")] = None,
) -> None:
    """Serve the live stream."""
    run("notifier", notifier_host=host, notifier_port=port)


def sensor_service(
    slots: Annotated[int | None, typer.Option(help="Sensors at most.", min=1, max=1000)] = None,
    name: Annotated[str | None, typer.Option(help="[default: host name and process id]")] = None,
) -> None:
    """Run sensors."""
    run("sensor", sensor_slots=slots, sensor_name=name)


def asyncapi(output: Output = Format.YAML) -> None:
    """Print the AsyncAPI document of every message on the bus."""
    from attune_common.contracts.asyncapi import document

    value = document()
    show_value(value, Format.YAML if output is Format.TABLE else output, str)
