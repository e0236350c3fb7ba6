"""`attune sensor`: the sensors, who runs them, how they fare, what they print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="sensor", help="Sensors: programs that watch the outside.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(help="The sensor's ref.")]
_PAUSE_SECONDS = 0.5


@app.command("list")
def list_(
    pack: Annotated[str | None, typer.Option(help="Only those of this pack.")] = None, output: Output = Format.TABLE
) -> None:
    """All sensors."""
    columns = {
        "REF": "ref",
        "STATUS": "status",
        "SERVICE": "service",
        "EVENTS": "events",
        "LAST EVENT": "last_event",
        "FAILURES": "failures",
        "ERROR": "error.message",
    }
    show_rows(ask(lambda attune: attune.sensors.all(pack)), output, columns)


@app.command()
def show(ref: Ref, output: Output = Format.TABLE) -> None:
    """One sensor."""
    names = (
        "ref", "label", "description", "status", "service", "started_at", "events", "last_event", "failures", "error",
        "retry_at", "poll", "triggers", "parameters", "runtime", "entry_point",
    )  # fmt: skip
    show_record(ask(lambda attune: attune.sensors.get(ref)), output, {name: name for name in names})


@app.command()
def logs(
    ref: Ref,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=1000, help="The last so many.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """What it printed, and what the service said about it."""
    ask(lambda attune: _logs(attune, ref, lines, follow, output))


@app.command()
def restart(ref: Ref, output: Output = Format.TABLE) -> None:
    """Start it anew; also one that waits after a failure."""
    found = ask(lambda attune: attune.sensors.restart(ref))
    show_record(found, output, {"ref": "ref", "status": "status"})
    say("it is asked to start anew", output)


async def _logs(attune: AsyncAttune, ref: str, count: int, follow: bool, output: Format) -> None:
    import asyncio

    found = await attune.sensors.logs(ref, count)
    _print(found, output)
    while follow:
        await asyncio.sleep(_PAUSE_SECONDS)
        last = found[-1]["seq"] if found else 0
        newer = await attune.sensors.logs(ref, 1000, last)
        _print(newer, output)
        found = newer or found


def _print(lines: list[dict[str, Any]], output: Format) -> None:
    """Plain lines for people, so that they can be copied and searched."""
    if output is not Format.TABLE:
        show_rows(lines, output, {})
        return
    from attune_cli.terminal import harmless

    for line in lines:
        mark = {"stdout": " ", "stderr": "!"}.get(line["stream"], "*")
        print(harmless(f"{line['time'][:19]} {mark} {line['line']}"), flush=True)
