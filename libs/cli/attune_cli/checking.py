"""Checking files without a platform: the same rules that the API applies when they are registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attune_cli.exits import Exit
from attune_cli.output import Format, console, say, show
from attune_core.errors import AttuneError

if TYPE_CHECKING:
    from attune_core.errors import Problem


_NAMED = 3


class CheckFormat(StrEnum):
    """`text` and `json` are `-o table` and `-o json`; `sarif` is for code scanning."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


ChosenFormat = Annotated[
    CheckFormat | None, typer.Option("--format", help="text, json or sarif (2.1.0); else what --output says.")
]


class NothingToCheck(AttuneError):
    """The directories hold nothing that could be checked."""

    code = "nothing_to_check"


def check_paths(paths: Iterable[Path]) -> list[Problem]:
    """All findings in workflow files, packs, and directories of both, sorted by place, warnings too.

    Errors: NothingToCheck.
    """
    from attune_cli.offline.shelf import read_shelf, root_above, roots_below
    from attune_core.definition.problems import in_order

    wanted: dict[Path, list[Path]] = {}
    problems: list[Problem] = []
    read: list[Path] = []
    for path in paths:
        root = root_above(path)
        if root is not None:
            wanted.setdefault(root, []).append(path)
            continue
        files = _loose(path)
        problems += _problems_of(files)
        for below in roots_below(path) if path.is_dir() else ():
            wanted.setdefault(below, []).append(below)
        read += files
    if not wanted and not read:
        raise NothingToCheck("there is no workflow and no pack", hint="give a workflow file or a directory with some")
    for pack in read_shelf(wanted).packs:
        problems += [found for found in pack.problems if _is_wanted(found.file, wanted[pack.root])]
    return in_order(problems)


def check_packs(roots: Iterable[Path]) -> list[Problem]:
    """All findings in packs, their test cases included. Errors: NotAPack."""
    from attune_cli.offline.shelf import read_shelf

    return [problem for pack in read_shelf(roots).packs for problem in pack.problems]


def _is_wanted(file: str, paths: Sequence[Path]) -> bool:
    found = Path(file).absolute()
    return any(found.is_relative_to(path.absolute()) for path in paths)


def _loose(path: Path) -> list[Path]:
    """A workflow file of no pack; of a directory those files that look like one."""
    from attune_cli.offline.shelf import loose_files

    return [file for file in loose_files(path) if _is_workflow(file)] if path.is_dir() else [path]


def _problems_of(files: Sequence[Path]) -> list[Problem]:
    from attune_cli.offline.shelf import core_known
    from attune_core.definition.check import check_workflow

    known = core_known()
    return [problem for file in files for problem in check_workflow(file.read_bytes(), str(file), known)]


def _is_workflow(file: Path) -> bool:
    """Whether it has tasks or a ref, or cannot be read: other YAML files may lie around."""
    from attune_core.definition.reader import read_document
    from attune_core.errors import DefinitionError

    try:
        return not {"tasks", "ref"}.isdisjoint(read_document(file.read_bytes(), str(file)).value)
    except DefinitionError:
        return True


def finish(problems: Sequence[Problem], subject: str, form: Format, chosen: CheckFormat | None = None) -> None:
    """Print the findings and leave with 1 when one of them is an error."""
    from attune_core.errors import Severity

    if chosen is not None:
        form = Format.TABLE if chosen is CheckFormat.TEXT else Format.JSON
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    _print(problems, form, is_sarif=chosen is CheckFormat.SARIF)
    say(f"{subject}: {summary(errors, len(problems) - errors)}", form)
    if errors:
        raise typer.Exit(Exit.FAILED)


def _print(problems: Sequence[Problem], form: Format, *, is_sarif: bool) -> None:
    from attune_cli.problems import as_record, problem_table

    records = [as_record(problem) for problem in problems]
    if is_sarif:
        from attune_cli.sarif import sarif_log

        show(sarif_log(problems), Format.JSON, str)
    elif form is not Format.TABLE:
        show(records, form, str)
    elif records:
        console().print(problem_table(records))


def named(paths: Sequence[Path]) -> str:
    """One, a few, or how many."""
    return ", ".join(map(str, paths)) if len(paths) <= _NAMED else f"{len(paths)} places"


def summary(errors: int, warnings: int) -> str:
    """`nothing wrong`, `1 error`, `2 errors, 1 warning`."""
    counted = ((errors, "error"), (warnings, "warning"))
    parts = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in counted if count]
    return ", ".join(parts) or "nothing wrong"
