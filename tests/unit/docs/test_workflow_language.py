"""The reference of the workflow language: its examples do what it says, and its lists are whole."""

from __future__ import annotations

import re
from functools import cache

import pytest

from attune_core.definition import keys as workflow_keys
from attune_core.definition import limits
from attune_core.definition.check import check_workflow
from attune_core.definition.findings import Findings
from attune_core.definition.parse import parse_workflow
from attune_core.definition.reader import read_document, read_list
from attune_core.expressions import roots
from attune_core.expressions.applications import FILTERS
from attune_core.expressions.checks import TESTS
from attune_core.expressions.render import compile_value
from attune_core.expressions.scope import Scope
from attune_core.expressions.selections import SELECTIONS
from attune_core.packs.bundle import read_bundle
from attune_core.rehearsal.cases import read_cases, ready_script, run_case
from attune_core.rehearsal.catalogue import Catalogue, catalogue_of
from attune_core.rehearsal.checking import check_script
from attune_core.rehearsal.expect import differences
from attune_core.rehearsal.reading import read_script
from attune_core.rehearsal.run import rehearse
from tests.unit.docs.blocks import DOCS, Block, blocks_of
from tests.unit.docs.codes import ROOT, checker_codes, error_types

PAGE = DOCS / "reference/workflow-language.md"
GUIDE = DOCS / "guides/testing-workflows.md"
COMING = DOCS / "guides/coming-from.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = [(page, block) for page in (PAGE, GUIDE, COMING) for block in blocks_of(page)]


@cache
def _core() -> Catalogue:
    root = ROOT / "packs/core"
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return catalogue_of([read_bundle(files)])


def _of(kind: str) -> list[object]:
    return [pytest.param(block, id=f"{page.name}:{block.line}") for page, block in BLOCKS if block.kind == kind]


def _section(title: str, level: str = "##") -> str:
    """The text of a section, its own subsections included."""
    match = re.search(
        rf"^{level} {re.escape(title)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", TEXT, re.MULTILINE | re.DOTALL
    )
    assert match is not None, title
    return match[1]


def _listed(section: str) -> set[str]:
    """The code spans in the first column of its tables."""
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("block", _of("workflow"))
def test_workflow(block: Block) -> None:
    wanted = {word.partition("=")[2] for word in block.words if word.startswith(("error=", "warning="))}
    problems = check_workflow(block.text, f"line {block.line}", _core().known())
    assert {problem.code for problem in problems} == wanted, [str(problem) for problem in problems]


@pytest.mark.parametrize("block", _of("case"))
def test_case(block: Block) -> None:
    assert block.before is not None
    graph = parse_workflow(block.before.text, "page.yaml").graph
    script = ready_script(read_script(read_list(block.text, "case", "cases").value), graph, None)
    findings = Findings()
    check_script(script, graph, _core(), (), findings)
    assert findings.all == []
    assert script.expect
    assert differences(rehearse(graph, script, _core()), script.expect) == []


@pytest.mark.parametrize("block", _of("values"))
def test_values(block: Block) -> None:
    for template, wanted in read_document(block.text, "values").value.items():
        assert compile_value(template).render(Scope()) == wanted, template


def test_there_are_examples_of_every_kind() -> None:
    assert len(_of("workflow")) > 20
    assert len(_of("case")) > 20
    assert len(_of("values")) == 3


def test_every_key_is_told_and_shown() -> None:
    tables = {"workflow": workflow_keys.WORKFLOW, **workflow_keys.PARTS}
    names = {name for table in tables.values() for name in table}
    assert {name for name in names if f"`{name}`" not in TEXT and f"`{name}:" not in TEXT} <= SPOKEN
    used = "\n".join(block.text for _, block in BLOCKS if block.kind == "workflow")
    unused = {name for name in names if not re.search(rf"\b{name}:", used)}
    assert unused <= {"compensate", "label", "description"}


SPOKEN = {"do", "task", "type", "percentage"}
"""Keys that the page tells inside of a larger code span."""


def test_the_lists_of_keys_are_whole() -> None:
    assert _listed(_section("A workflow").split("### ")[0]) == set(workflow_keys.WORKFLOW)
    assert _listed(_section("Tasks")) == set(workflow_keys.TASK)
    assert _listed(_section("Retry, timeout, delay")) == set(workflow_keys.RETRY)
    assert _listed(_section("Iteration")) == {"with_items", *workflow_keys.ITERATION}


def test_every_name_in_templates_is_told() -> None:
    names = _section("Names", "###")
    words = (*roots.FUNCTIONS, *roots.SCOPES, *roots.PLACES, *roots.TASK_KEYS, *roots.SYSTEM_KEYS)
    assert [word for word in words if not re.search(rf"`[^`]*\b{word}\b[^`]*`", names)] == []


def test_every_filter_and_test_is_told() -> None:
    filters = _section("Filters", "###")
    told = set(re.findall(r"`([a-z_0-9]+)`", filters))
    assert {*FILTERS, *SELECTIONS, "default", "d"} - told == set()
    tests = {name for name in TESTS if name.isalpha()} | {"defined", "undefined"}
    assert tests - told == set()
    known = {*FILTERS, *SELECTIONS, *TESTS, "default", "d", "defined", "undefined", "fuel_exhausted", "too_long", "is"}
    assert told - known == set()


def test_every_error_type_is_told() -> None:
    listed = _listed(_section("Errors"))
    assert error_types() - listed == set()
    assert listed - error_types() == set()


def test_every_code_of_the_checker_is_told() -> None:
    listed = _listed(_section("What the checker says"))
    assert checker_codes() - listed == set()
    assert listed - checker_codes() == set()


@pytest.mark.parametrize(
    "number",
    [
        f"{limits.MAX_DEPTH} levels",
        f"{limits.MAX_NODES:,} values",
        f"{limits.MAX_TASKS:,} and {limits.MAX_TEMPLATES:,} in one workflow",
        f"{limits.MAX_PROBLEMS} errors",
        f"{limits.MAX_SECONDS // 86_400} days",
        f"{limits.MAX_RETRIES:,}, {limits.MAX_BATCH:,}, {limits.MAX_CONCURRENCY:,}",
        f"{limits.MAX_ITERATIONS:,}",
    ],
)
def test_the_limits_are_those_of_the_code(number: str) -> None:
    assert number in _section("Limits")


def test_the_cases_of_the_guide_hold() -> None:
    """The pack that the guide describes, with its own workflow and its own cases."""
    found = {block.kind: block for page, block in BLOCKS if page == GUIDE}
    files = {
        "pack.yaml": b"ref: shop\n",
        "workflows/nightly.yaml": found["workflow"].text.encode(),
        "tests/nightly.yaml": found["yaml"].text.encode(),
        **{f"actions/{name}.yaml": _action(name) for name in ("export", "send", "call_somebody")},
    }
    bundle = read_bundle(files)
    catalogue = catalogue_of([bundle])
    cases = read_cases(files, bundle, catalogue)
    assert len(cases) == 2
    assert [problem for case in cases for problem in run_case(case, catalogue).problems] == []


def _action(name: str) -> bytes:
    return f"ref: shop.{name}\nruntime: native\nentry_point: x\n".encode()
