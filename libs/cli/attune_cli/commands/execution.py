"""`attune execution`: start, look at, explain and control executions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import casting, listing, moments, parameters
from attune_cli.listing import Limit, Since, Until, show_list, statuses
from attune_cli.output import Format, Output, console, say, show_record, show_rows
from attune_cli.output import show as show_value
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune
    from attune_client.models import Execution

app = typer.Typer(name="execution", help="Executions of actions and workflows.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="The execution's id.", min=1)]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show it until it has ended.")]
_FIELDS = {
    "execution": "id",
    "action": "action",
    "status": "status",
    "attempt": "attempt",
    "workflow execution": "workflow_execution",
    "created": "created",
    "started": "started_at",
    "completed": "completed_at",
    "waits for": "waits_for",
    "parameters": "parameters",
    "result": "result",
    "error": "error",
    "set aside by incident": "incident",
}


@app.command()
def start(
    action: Annotated[str, typer.Argument(help="The ref of an action or a workflow.")],
    param: parameters.Given = None,
    params_file: parameters.GivenFile = None,
    watch: Watch = False,
    output: Output = Format.TABLE,
) -> None:
    """Start an action."""
    given, texts = parameters.read(param, params_file), parameters.texts(param)

    async def begin(attune: AsyncAttune) -> Execution:
        return await attune.executions.start(action, await casting.for_action(attune, action, given, texts))

    if watch:
        from attune_cli.live.follow import run_and_watch

        run_and_watch(begin, output)
        return
    show_record(ask(begin), output, _FIELDS)


@app.command("list")
def list_(
    status: Annotated[list[str] | None, typer.Option(help="Only those in this status; several with commas.")] = None,
    action: Annotated[str | None, typer.Option(help="Only those of this action.")] = None,
    pack: Annotated[str | None, typer.Option(help="Only those of this pack's actions.")] = None,
    parent: Annotated[int | None, typer.Option(help="Only what this execution started.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only what this rule started.")] = None,
    trigger: Annotated[str | None, typer.Option(help="Only what events of this trigger started.")] = None,
    trace: Annotated[str | None, typer.Option(help="Only those of this trace.")] = None,
    since: Since = None,
    until: Until = None,
    text: Annotated[str | None, typer.Option(help="Whose inputs hold this text.")] = None,
    limit: Limit = 20,
    watch: listing.Watch = False,
    output: Output = Format.TABLE,
) -> None:
    """The newest executions."""
    filters = {"status": statuses(status), "action": action, "pack": pack, "parent": parent, "rule": rule,
               "trigger": trigger, "trace_id": trace, "q": text, **moments.between(since, until)}  # fmt: skip
    columns = {"ID": "id", "ACTION": "action", "STATUS": "status", "TASK": "task_name", "CREATED": "created"}
    show_list(lambda attune: attune.executions.list(limit=limit, **filters), output, columns, watch=watch)


@app.command()
def show(execution: Id, output: Output = Format.TABLE) -> None:
    """One execution; for a workflow with its tasks."""
    from attune_cli.live.follow import show_now

    show_now(execution, output, _FIELDS)


@app.command()
def watch(execution: Id, output: Output = Format.TABLE) -> None:
    """Show it live until it has ended; the exit code tells how."""
    from attune_cli.live.follow import run_and_watch

    run_and_watch(lambda attune: attune.executions.get(execution), output)


@app.command()
def logs(
    execution: Id,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until it has ended.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", "-n", min=1, max=1000, help="Only the last so many.")] = None,
    attempt: Annotated[int | None, typer.Option(min=1, help="Only of this attempt.")] = None,
    times: Annotated[bool, typer.Option("--times", "-t", help="With the time of each line.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """What it wrote to stdout and stderr; of a workflow what its tasks wrote, with the task in front."""
    from attune_cli.logs import Printer, follow_logs, show_logs

    printer = Printer(times)
    if follow:
        ask(lambda attune: follow_logs(attune, execution, tail, output, printer))
        return
    ask(lambda attune: show_logs(attune, execution, tail, attempt, output, printer))


@app.command()
def history(execution: Id, output: Output = Format.TABLE) -> None:
    """The journal of a workflow's run: what it was told and what it decided."""
    from attune_cli.journal import row_of

    entries = ask(lambda attune: _of_run(attune, execution, attune.runs.history))
    rows = [row_of(entry) for entry in entries] if output is Format.TABLE else entries
    show_rows(rows, output, {"REVISION": "revision", "TIME": "time", "SIGNAL": "signal", "DECIDED": "commands"})


@app.command()
def graph(execution: Id, output: Output = Format.TABLE) -> None:
    """A workflow's run as a graph: where each task stands, which ways were taken, what conditions gave."""
    from attune_cli.live.ways import as_lines

    found = ask(lambda attune: _of_run(attune, execution, attune.runs.graph))
    show_value(found, output, lambda: as_lines(found))


@app.command()
def explain(execution: Id, output: Output = Format.TABLE) -> None:
    """Why a workflow's run is where it is, in sentences."""
    found = ask(lambda attune: _of_run(attune, execution, attune.runs.explain))
    if output is not Format.TABLE:
        show_value(found, output, str)
        return
    screen = console()
    for sentence in found["sentences"]:
        screen.print(sentence["text"], markup=False)


@app.command()
def cancel(execution: Id, output: Output = Format.TABLE) -> None:
    """End it early."""
    ask(lambda attune: attune.executions.cancel(execution))
    say(f"execution {execution} is asked to stop", output)


@app.command()
def pause(execution: Id, output: Output = Format.TABLE) -> None:
    """Let a workflow start nothing new until it is resumed."""
    ask(lambda attune: _of_run(attune, execution, attune.runs.pause))
    say(f"execution {execution} is asked to pause", output)


@app.command()
def resume(execution: Id, output: Output = Format.TABLE) -> None:
    """Let a paused workflow go on."""
    ask(lambda attune: _of_run(attune, execution, attune.runs.resume))
    say(f"execution {execution} is asked to go on", output)


@app.command()
def retry(
    execution: Id,
    task: Annotated[list[str] | None, typer.Option(help="From this task. Repeatable.")] = None,
    failed_items: Annotated[
        bool, typer.Option("--failed-items", help="Of an iteration only the items that did not succeed.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Let a workflow that did not complete go on from its failed tasks, or from those that are named."""

    async def again(attune: AsyncAttune) -> Any:
        return await _of_run(attune, execution, lambda run: attune.runs.retry(run, task, reset_items=not failed_items))

    ask(again)
    say(f"execution {execution} is asked to try again", output)


async def _of_run(attune: AsyncAttune, execution: int, work: Callable[[int], Awaitable[Any]]) -> Any:
    """Do `work` with the run of an execution. Errors: NotAWorkflow."""
    from attune_client.errors import NotAWorkflow

    run = (await attune.executions.get(execution)).get("workflow_execution")
    if run is None:
        raise NotAWorkflow(f"execution {execution} is no workflow, or has not started yet")
    return await work(run)


_CHOSEN = {
    "matched": "matched",
    "done": "done",
    "refused": "refused",
    "others match, ask again": "more",
    "only asked, not done": "dry_run",
}
Most = Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many at most.")]
OfPack = Annotated[str | None, typer.Option(help="Those of what this pack brings.")]
OfRule = Annotated[str | None, typer.Option(help="Those that this rule has started.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell which they would be.")]


@app.command("cancel-all")
def cancel_all(
    action: Annotated[str | None, typer.Option(help="Those of this action.")] = None,
    pack: OfPack = None,
    rule: OfRule = None,
    trace: Annotated[str | None, typer.Option(help="Those of this trace.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Most = 200,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Cancel many executions that have not ended. Name at least one thing that tells which."""
    chosen = _chosen(action=action, pack=pack, rule=rule, trace_id=trace, since=since, until=until)
    show_record(ask(lambda attune: attune.platform.cancel_many(chosen, limit=limit, dry_run=dry_run)), output, _CHOSEN)


@app.command("retry-all")
def retry_all(
    workflow: Annotated[str | None, typer.Option(help="Those of this workflow.")] = None,
    pack: OfPack = None,
    rule: OfRule = None,
    since: Since = None,
    until: Until = None,
    limit: Most = 200,
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Retry many workflow executions that have failed, from where they failed."""
    chosen = _chosen(action=workflow, pack=pack, rule=rule, since=since, until=until)
    show_record(ask(lambda attune: attune.platform.retry_runs(chosen, limit=limit, dry_run=dry_run)), output, _CHOSEN)


def _chosen(**given: str | None) -> dict[str, str]:
    given |= moments.between(given.get("since"), given.get("until"))
    return {name: value for name, value in given.items() if value is not None}
