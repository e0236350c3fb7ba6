"""`attune pack`: the whole life of packs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from attune_cli.checking import ChosenFormat
from attune_cli.commands import pack_config
from attune_cli.exits import Exit
from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

app = typer.Typer(name="pack", help="Packs: actions, workflows, triggers and rules.", no_args_is_help=True)
app.add_typer(pack_config.app)

Ref = Annotated[str, typer.Argument(help="The pack's ref.")]
Directories = Annotated[
    list[Path], typer.Argument(help="Packs, or directories of packs.", exists=True, file_okay=False)
]


@app.command()
def check(directories: Directories, form: ChosenFormat = None, output: Output = Format.TABLE) -> None:
    """Find everything that is wrong in a pack's files. Needs no running platform."""
    from attune_cli.checking import check_packs, finish

    finish(check_packs(directories), ", ".join(map(str, directories)), output, form)


@app.command("test")
def rehearse(
    directories: Directories,
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
def new(
    name: Annotated[str, typer.Argument(help="The pack's ref: small letters, digits, _ and -.")],
    directory: Annotated[Path, typer.Option(help="Where its directory is made.", file_okay=False)] = Path(),
    output: Output = Format.TABLE,
) -> None:
    """Make a pack with one of everything, which passes its own tests. Needs no running platform."""
    from attune_cli.offline.scaffold import make_pack

    made = make_pack(name, directory)
    show_rows([{"file": str(path)} for path in made], output, {"FILE": "file"})
    root = directory / name
    say(f"next: attune pack check {root}; attune pack test {root}; attune pack register {root}", output)


@app.command()
def register(
    sources: Annotated[
        list[str], typer.Argument(help="Directories, archives (tar.gz, zip), git+https://HOST/PATH@REVISION.")
    ],
    credential: Annotated[
        str, typer.Option(metavar="KEY", help="The secret for a private repository: {host, username, password}.")
    ] = "",
    output: Output = Format.TABLE,
) -> None:
    """Register packs, each after those that it needs; again replaces them, runs in flight keep what they began with."""
    from attune_cli.offline.arrival import ordered, register_all

    packs = ask(lambda attune: register_all(attune, ordered(sources), credential))
    fields = {"pack": "ref", "version": "version", "outcome": "outcome", "digest": "digest"}
    if len(packs) == 1:
        show_record(packs[0], output, fields)
    else:
        show_rows(packs, output, {label.upper(): key for label, key in fields.items()})
    warnings = [warning for pack in packs for warning in pack.get("warnings") or ()]
    if warnings and output is Format.TABLE:
        from attune_cli.output import console
        from attune_cli.problems import problem_table

        console(stderr=True).print(problem_table(warnings))


@app.command("list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Those too that are archived.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """The registered packs."""
    packs = ask(lambda attune: attune.packs.list(archived=archived))
    shown = [{**pack, "status": _status(pack)} for pack in packs] if output is Format.TABLE else packs
    show_rows(shown, output, {"REF": "ref", "VERSION": "version", "STATUS": "status", "LABEL": "label"})


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
        "source": "source",
        "status": "status",
        "actions": "actions",
        "workflows": "workflows",
        "triggers": "triggers",
        "rules": "rules",
    }
    show_record({**pack, "status": _status(pack)} if output is Format.TABLE else pack, output, fields)


@app.command()
def disable(ref: Ref, output: Output = Format.TABLE) -> None:
    """Stop its rules, timers, webhooks and sensors; refuse its actions. What runs comes to its end."""
    _show_status(ask(lambda attune: attune.packs.disable(ref)), output)


@app.command()
def enable(ref: Ref, output: Output = Format.TABLE) -> None:
    """Put a pack into use again, an archived one too."""
    _show_status(ask(lambda attune: attune.packs.enable(ref)), output)


@app.command()
def versions(ref: Ref, output: Output = Format.TABLE) -> None:
    """The versions that are kept; what was registered last comes first."""
    columns = {"VERSION": "version", "REGISTERED": "registered", "CURRENT": "current", "DIGEST": "digest"}
    show_rows(ask(lambda attune: attune.packs.versions(ref)), output, {**columns, "SOURCE": "source"})


@app.command()
def restore(
    ref: Ref,
    version: Annotated[str, typer.Option(help="That version; else the one that was registered before.")] = "",
    digest: Annotated[str, typer.Option(help="That digest, or its beginning.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Go back to an earlier version."""
    _show_status(ask(lambda attune: attune.packs.restore(ref, version, digest)), output)


@app.command()
def remove(
    ref: Ref,
    archive: Annotated[
        bool, typer.Option("--archive", help="Keep it for its history; nothing of it starts any more.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Remove a pack with all that it brought; refused, with the list, while something uses it."""
    ask(lambda attune: attune.packs.remove(ref, archive=archive))
    say(f"pack {ref} is {'archived' if archive else 'removed'}", output)


def _status(pack: Mapping[str, Any]) -> str:
    return "archived" if pack.get("archived") else "enabled" if pack.get("enabled") else "disabled"


def _show_status(pack: Mapping[str, Any], output: Output) -> None:
    shown = {**pack, "status": _status(pack)} if output is Format.TABLE else pack
    show_record(shown, output, {"pack": "ref", "version": "version", "status": "status"})
