"""`attune dev`: the whole platform in one process, for development and for trying things."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    app.command()(dev)


def dev(
    data_dir: Annotated[
        Path | None, typer.Option(help="[default: ATTUNE_DATA_DIR or ~/.local/share/attune]", file_okay=False)
    ] = None,
    port: Annotated[int | None, typer.Option(help="0: any free one. [default: 8080, or a free one]", min=0)] = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    pack: Annotated[
        list[Path] | None,
        typer.Option(help="A pack to register now and on each change. Repeatable.", exists=True, file_okay=False),
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "warning",
) -> None:
    """Run everything in one process, with an embedded PostgreSQL unless ATTUNE_DATABASE_URL is set."""
    from attune_cli.dev.run import serve
    from attune_client.discovery import data_dir as default_dir

    folder = (data_dir or default_dir()).expanduser().absolute()
    overrides = {"log_level": log_level, "log_format": "console"}
    serve(folder, host, port, [each.absolute() for each in pack or ()], overrides)
