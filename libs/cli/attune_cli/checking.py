"""Checking files without a platform: the same rules that the API applies when they are registered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from attune_cli.exits import Exit
from attune_cli.output import Format, console, say, show

if TYPE_CHECKING:
    from attune_core.errors import Problem


def check_pack(root: Path) -> list[Problem]:
    """All findings in a pack's files, warnings too. Errors: NotAPack."""
    from attune_client.archive import pack_files
    from attune_core.errors import DefinitionError
    from attune_core.packs.bundle import read_bundle

    try:
        return list(read_bundle(pack_files(root)).warnings)
    except DefinitionError as refused:
        return list(refused.problems)


def check_workflow_file(path: Path) -> list[Problem]:
    """All findings in one workflow file, warnings too."""
    from attune_core.definition.check import check_workflow

    return list(check_workflow(path.read_text(encoding="utf-8"), str(path), None))


def finish(problems: Sequence[Problem], subject: str, form: Format) -> None:
    """Print the findings and leave with 1 when one of them is an error."""
    from attune_cli.problems import as_record, problem_table
    from attune_core.errors import Severity

    records = [as_record(problem) for problem in problems]
    if form is not Format.TABLE:
        show(records, form, str)
    elif records:
        console().print(problem_table(records))
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if errors:
        raise typer.Exit(Exit.FAILED)
    say(f"{subject}: nothing wrong" if not records else f"{subject}: {len(records)} warnings", form)
