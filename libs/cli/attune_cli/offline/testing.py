"""Every test case of the packs in some directories, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attune_cli.offline.patience import OutOfPatience, patience
from attune_cli.offline.shelf import Shelf, Shelved, placed_in, read_shelf, roots_below
from attune_client.archive import NotAPack
from attune_core.errors import AttuneError, DefinitionError, Problem
from attune_core.rehearsal.cases import Case, run_case

if TYPE_CHECKING:
    from rich.console import RenderableType


class NoCases(AttuneError):
    """The packs have no test cases."""

    code = "no_cases"


@dataclass(frozen=True, slots=True)
class Tested:
    """`seconds`: how long the rehearsal took; `duration`: of the run, in virtual seconds."""

    pack: str
    file: str
    case: Case
    status: str
    duration: float
    seconds: float
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def test_packs(directories: Sequence[Path]) -> list[Tested]:
    """Errors: NotAPack, NoCases; DefinitionError when a pack or a case is not in order."""
    roots = list(dict.fromkeys(root for directory in directories for root in roots_below(directory)))
    if not roots:
        hint = "give a directory that holds pack.yaml, or one with packs in it"
        raise NotAPack(f"there is no pack in {', '.join(map(str, directories))}", hint=hint)
    shelf = read_shelf(roots)
    problems = [problem for pack in shelf.packs for problem in pack.problems]
    if any(problem.severity == "error" for problem in problems):
        raise DefinitionError(problems)
    tested = [_test(case, pack, shelf) for pack in shelf.packs for case in pack.cases]
    if not tested:
        raise NoCases("no pack here has test cases", hint="write them into tests/*.yaml of the pack")
    return tested


def _test(case: Case, pack: Shelved, shelf: Shelf) -> Tested:
    file, ref = str(pack.root / case.file), pack.bundle.manifest.ref if pack.bundle else ""
    began = time.perf_counter()
    try:
        with patience():
            result = run_case(case, shelf.catalogue)
    except OutOfPatience as error:
        seconds = time.perf_counter() - began
        found = Problem(file, case.line, 1, error.code, error.message, error.hint)
        return Tested(ref, file, case, "given up", 0.0, seconds, (found,))
    seconds = time.perf_counter() - began
    problems = tuple(placed_in(pack.root, problem) for problem in result.problems)
    report = result.report
    return Tested(ref, file, case, report.status.value, report.duration, seconds, problems)


def as_record(tested: Tested) -> dict[str, Any]:
    return {
        "pack": tested.pack,
        "file": tested.file,
        "line": tested.case.line,
        "name": tested.case.name,
        "workflow": tested.case.script.workflow,
        "passed": tested.passed,
        "status": tested.status,
        "duration": tested.duration,
        "seconds": round(tested.seconds, 6),
        "problems": [
            {"file": found.file, "line": found.line, "column": found.column, "message": found.message}
            for found in tested.problems
        ],
    }


def as_table(tested: Sequence[Tested]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from attune_cli import problems

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for each in tested:
        mark = Text("ok", style="green") if each.passed else Text("FAILED", style="bold red")
        table.add_row(mark, Text(each.case.script.workflow), Text(each.case.name))
    bad = [problems.as_record(problem) for each in tested for problem in each.problems]
    return Group(table, *([Text(), problems.problem_table(bad)] if bad else []))


def summary(tested: Sequence[Tested]) -> str:
    """`24 cases, 1 failed, 0.2 s`."""
    failed = sum(not each.passed for each in tested)
    count = f"{len(tested)} case{'s' if len(tested) != 1 else ''}"
    return f"{count}, {f'{failed} failed' if failed else 'all passed'}, {sum(each.seconds for each in tested):.1f} s"
