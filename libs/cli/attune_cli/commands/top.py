"""`attune top`, `attune follow`, `attune workers`: the platform at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli.listing import Watch, show_list
from attune_cli.output import Format, Output, as_json, console, say, show_record
from attune_cli.session import ask

if TYPE_CHECKING:
    from rich.console import RenderableType

    from attune_client import AsyncAttune

_WORKERS = {"WORKER": "name", "STATUS": "status", "RUNNING": "running", "POOLS": "pools", "SEEN": "seen"}
_RUNS = {"EXECUTION": "execution", "WORKFLOW": "workflow", "STATUS": "status", "STARTED": "started_at"}
_LIVE = ("requested", "scheduled", "running", "waiting")
_MOST = 15


def add_to(main: typer.Typer) -> None:
    main.command("top")(top)
    main.command("follow")(follow)
    main.command("workers")(workers)
    main.command("limits")(limits)


def workers(
    pool: Annotated[str | None, typer.Option(help="Only those that take this pool.")] = None,
    watch: Watch = False,
    output: Output = Format.TABLE,
) -> None:
    """Workers, how much they run, and how long ago they were heard of."""
    show_list(lambda attune: attune.platform.workers(pool), output, _WORKERS, watch=watch)


def limits(output: Output = Format.TABLE) -> None:
    """How much of anything the platform accepts."""
    found = ask(lambda attune: attune.platform.limits())
    show_record(found, output, {name: name for name in found})


def top(
    once: Annotated[bool, typer.Option("--once", help="Look one time and leave.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """What runs now: workflows, workers, what waits, what needs an operator. Until Ctrl-C."""
    if once or output is not Format.TABLE or not console().is_terminal:
        seen = ask(look)
        if output is Format.TABLE:
            console().print(picture(seen))
        else:
            from attune_cli.output import show

            show(seen, output, lambda: picture(seen))
        return
    from attune_cli.live.lists import watch_screen

    async def draw(attune: AsyncAttune) -> RenderableType:
        return picture(await look(attune))

    watch_screen(draw)


async def look(attune: AsyncAttune) -> dict[str, Any]:
    """`counts` by status (of the newest 200), `runs`, `workers`, `queues`, `incidents`."""
    import asyncio

    running, workers, incidents, queues, *pages = await asyncio.gather(
        attune.transport.get("/workflow-executions", {"status": "running", "limit": _MOST}),
        attune.platform.workers(),
        attune.transport.get("/incidents", {"limit": _MOST}),
        attune.platform.queues(),
        *(attune.executions.list(status=status, limit=200, fields="id") for status in _LIVE),
    )
    counts = dict(zip(_LIVE, map(len, pages), strict=True))
    open_ones = [one for one in incidents["items"] if one.get("resolved") is None]
    return {"counts": counts, "runs": running["items"], "workers": workers, "queues": queues,
            "incidents": open_ones}  # fmt: skip


def picture(seen: dict[str, Any]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from attune_cli.live.lists import table

    counts = "   ".join(f"{name} {_number(count)}" for name, count in seen["counts"].items())
    parts: list[RenderableType] = [Text(f"executions   {counts}"), Text("")]
    parts.append(table(seen["runs"], _RUNS, "running workflows"))
    parts.append(table(seen["workers"], _WORKERS, "workers"))
    if seen["queues"]:
        columns = {"QUEUE": "queue", "READY": "ready", "CONSUMERS": "consumers"}
        parts.append(table(seen["queues"], columns, "queues"))
    if seen["incidents"]:
        columns = {"INCIDENT": "id", "KIND": "kind", "SUBJECT": "subject", "ERROR": "error"}
        parts.append(table(seen["incidents"], columns, "set aside: `attune incident show ID`"))
    return Group(*parts)


def _number(count: int) -> str:
    return "200+" if count >= 200 else str(count)


def follow(
    kind: Annotated[
        str | None, typer.Option(help="executions, workflows, tasks, logs, events, inquiries, incidents; with commas.")
    ] = None,
    execution: Annotated[int | None, typer.Option(min=1, help="Of this execution and what belongs to it.")] = None,
    ref: Annotated[str | None, typer.Option(help="Of this action, workflow or trigger.")] = None,
    pack: Annotated[str | None, typer.Option(help="Of this pack.")] = None,
    status: Annotated[str | None, typer.Option(help="In this status; several with commas.")] = None,
    after: Annotated[str, typer.Option(help="Go on behind this event.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """What happens, while it happens, until Ctrl-C. With `--output json` a line for each, with its id."""

    async def listen(attune: AsyncAttune) -> None:
        filters = {"kind": kind, "ref": ref, "pack": pack, "status": status}
        async for event in attune.follow(execution, after=after, **filters):
            if event.data or event.type == "resync":
                _print(event.type, event.id, event.data, output)

    ask(listen)


def _print(kind: str, id: str, data: dict[str, Any], output: Format) -> None:
    if output is not Format.TABLE:
        print(as_json({"id": id, "type": kind, "data": data}).replace("\n", " "), flush=True)
        return
    told = "  ".join(f"{name}={value}" for name, value in data.items() if value not in (None, "", [], {}))
    say(f"{kind:26} {told}"[:400])
