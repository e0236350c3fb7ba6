"""`attune workflow`: check, list, show, draw and run workflows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attune_cli import casting, parameters
from attune_cli.checking import ChosenFormat
from attune_cli.exits import Exit
from attune_cli.graphs import Drawing
from attune_cli.output import Format, Output, console, say, show_record, show_rows
from attune_cli.output import show as show_value
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune
    from attune_client.models import Execution

app = typer.Typer(name="workflow", help="Workflows.", no_args_is_help=True)

Ref = Annotated[str, typer.Argument(help="The workflow's ref, pack.name.")]


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Workflow files, packs, or directories of them.", exists=True)],
    form: ChosenFormat = None,
    output: Output = Format.TABLE,
) -> None:
    """Find everything that is wrong in workflows. Needs no running platform."""
    from attune_cli.checking import check_paths, finish, named

    finish(check_paths(paths), named(paths), output, form)


@app.command()
def rehearse(
    file: Annotated[Path, typer.Argument(help="The workflow file.", exists=True, dir_okay=False)],
    script: Annotated[
        Path | None,
        typer.Option("--with", help="What the actions answer: a script or cases.", exists=True, dir_okay=False),
    ] = None,
    case: Annotated[str, typer.Option(help="The name of the case, when there are several.")] = "",
    param: parameters.Given = None,
    params_file: parameters.GivenFile = None,
    output: Output = Format.TABLE,
) -> None:
    """Run a workflow against scripted outcomes, in virtual time. Needs no running platform."""
    from attune_cli.offline import rehearsing, timetable
    from attune_cli.problems import as_record, problem_table

    ref, result = rehearsing.rehearse_file(file, script, case, parameters.read(param, params_file))
    show_value(timetable.as_record(ref, result), output, lambda: timetable.as_table(ref, result))
    if result.problems:
        console(stderr=True).print(problem_table([as_record(problem) for problem in result.problems]))
        raise typer.Exit(Exit.FAILED)


@app.command("list")
def list_(
    pack: Annotated[str | None, typer.Option(help="Only those of this pack.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """The registered workflows."""
    workflows = ask(lambda attune: attune.workflows.list(pack))
    show_rows(workflows, output, {"REF": "ref", "VERSION": "version", "LABEL": "label"})


@app.command()
def show(ref: Ref, output: Output = Format.TABLE) -> None:
    """One workflow with its definition."""
    workflow = ask(lambda attune: attune.workflows.get(ref))
    names = ("ref", "label", "description", "version", "tags", "param_schema", "out_schema", "definition")
    show_record(workflow, output, {name: name for name in names})


@app.command()
def graph(
    workflow: Annotated[str, typer.Argument(help="A ref, or a workflow file.")],
    form: Annotated[Drawing, typer.Option("--format", help="text, mermaid, dot or svg.")] = Drawing.TEXT,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="The same as --format mermaid.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """The tasks and where each leads to. A file needs no running platform."""
    from attune_cli.graphs import draw, edges_of, graph_of_definition, graph_of_file

    path = Path(workflow)
    if path.is_file():
        found = graph_of_file(path)
    else:
        found = graph_of_definition(ask(lambda attune: attune.workflows.get(workflow))["definition"])
    if output is Format.TABLE:
        from attune_cli.terminal import harmless

        print(harmless(draw(found, Drawing.MERMAID if mermaid else form)))
    else:
        show_value(edges_of(found), output, str)


@app.command()
def run(
    ref: Ref,
    param: parameters.Given = None,
    params_file: parameters.GivenFile = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show the tasks until the run has ended.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Start a workflow. With --watch the exit code tells how it ended."""
    given, texts = parameters.read(param, params_file), parameters.texts(param)

    async def begin(attune: AsyncAttune) -> Execution:
        return await attune.workflows.execute(ref, await casting.for_action(attune, ref, given, texts))

    if watch:
        from attune_cli.live.follow import run_and_watch

        run_and_watch(begin, output)
        return
    started = ask(begin)
    show_record(started, output, {"execution": "id", "status": "status"})
    say(f"next:  attune execution watch {started['id']}", output)
