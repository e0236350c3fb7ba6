"""Checking files without a platform: the same rules that the API applies when they are registered.

What is known of other packs is the core pack alone, which every installation has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from attune_cli.exits import Exit
from attune_cli.output import Format, console, say, show

if TYPE_CHECKING:
    from attune_core.definition.known import Known
    from attune_core.errors import Problem

MANIFEST = "pack.yaml"


def check_pack(root: Path) -> list[Problem]:
    """All findings in a pack's files, warnings too. Errors: NotAPack."""
    from attune_client.archive import pack_files
    from attune_core.errors import DefinitionError
    from attune_core.packs.bundle import read_bundle

    try:
        return list(read_bundle(pack_files(root), _shipped()).warnings)
    except DefinitionError as refused:
        return list(refused.problems)


def check_workflow_file(path: Path) -> list[Problem]:
    """All findings in one workflow file, warnings too; inside of a pack with the pack's own actions known."""
    from attune_core.definition.check import check_workflow

    root = path.absolute().parent.parent
    if (root / MANIFEST).is_file() and path.absolute().parent.name == "workflows":
        inside = path.absolute().relative_to(root).as_posix()
        return [replace(problem, file=str(path)) for problem in check_pack(root) if problem.file == inside]
    return list(check_workflow(path.read_bytes(), str(path), _shipped()))


def _shipped() -> Known:
    """The core pack's actions and triggers; nothing is said about other packs."""
    from attune_client.archive import pack_files
    from attune_common.runtime import resources
    from attune_core.definition.known import Known
    from attune_core.packs.bundle import read_bundle

    core = read_bundle(pack_files(resources.path("packs/core")))
    return Known(
        actions={action.ref: action.param_schema for action in core.actions},
        packs=frozenset({core.manifest.ref}),
        triggers=frozenset(trigger.ref for trigger in core.triggers),
        complete=False,
    )


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
    say(f"{subject}: {summary(errors, len(records) - errors)}", form)
    if errors:
        raise typer.Exit(Exit.FAILED)


def summary(errors: int, warnings: int) -> str:
    """`nothing wrong`, `1 error`, `2 errors, 1 warning`."""
    counted = ((errors, "error"), (warnings, "warning"))
    parts = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in counted if count]
    return ", ".join(parts) or "nothing wrong"
