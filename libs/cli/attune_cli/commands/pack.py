"""`attune pack`: check, register, list, show and remove packs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attune_cli.checking import ChosenFormat
from attune_cli.exits import Exit
from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

app = typer.Typer(name="pack", help="Packs: actions, workflows, triggers and rules.", no_args_is_help=True)

Directory = Annotated[Path, typer.Argument(help="The directory that holds pack.yaml.", exists=True, file_okay=False)]
Ref = Annotated[str, typer.Argument(help="The pack's ref.")]


@app.command()
def check(directory: Directory, form: ChosenFormat = None, output: Output = Format.TABLE) -> None:
    """Find everything that is wrong in a pack's files. Needs no running platform."""
    from attune_cli.checking import check_packs, finish

    finish(check_packs([directory]), str(directory), output, form)


@app.command("test")
def rehearse(
    directories: Annotated[
        list[Path], typer.Argument(help="Packs, or directories of packs.", exists=True, file_okay=False)
    ],
    junit: Annotated[Path | None, typer.Option(help="Write the results as JUnit XML here too.", dir_okay=False)] = None,
    output: Output = Format.TABLE,
) -> None:
    """Rehearse the cases in the packs' tests/*.yaml. Needs no running platform."""
    from attune_cli.offline import testing
    from attune_cli.output import show as show_value

    tested = testing.test_packs(directories)
    if junit is not None:
        from attune_cli.offline.junit import junit_xml

        junit.write_text(junit_xml(tested), encoding="utf-8")
    show_value([testing.as_record(each) for each in tested], output, lambda: testing.as_table(tested))
    say(testing.summary(tested), output)
    if not all(each.passed for each in tested):
        raise typer.Exit(Exit.FAILED)


@app.command()
def register(directory: Directory, output: Output = Format.TABLE) -> None:
    """Upload a pack; registering again replaces it, runs in flight keep what they started with."""
    from attune_cli.problems import problem_table

    pack = ask(lambda attune: attune.packs.register(directory))
    fields = {"pack": "ref", "version": "version", "digest": "digest"}
    show_record(pack, output, fields)
    if pack.get("warnings") and output is Format.TABLE:
        from attune_cli.output import console

        console(stderr=True).print(problem_table(pack["warnings"]))


@app.command("list")
def list_(output: Output = Format.TABLE) -> None:
    """The registered packs."""
    packs = ask(lambda attune: attune.packs.list())
    show_rows(packs, output, {"REF": "ref", "VERSION": "version", "LABEL": "label"})


@app.command()
def show(ref: Ref, output: Output = Format.TABLE) -> None:
    """One pack."""
    pack = ask(lambda attune: attune.packs.get(ref))
    fields = {
        "pack": "ref",
        "label": "label",
        "description": "description",
        "version": "version",
        "digest": "digest",
        "actions": "actions",
        "workflows": "workflows",
        "triggers": "triggers",
        "rules": "rules",
    }
    show_record(pack, output, fields)


@app.command()
def remove(ref: Ref, output: Output = Format.TABLE) -> None:
    """Remove a pack with all that it brought."""
    ask(lambda attune: attune.packs.remove(ref))
    say(f"pack {ref} is removed", output)
