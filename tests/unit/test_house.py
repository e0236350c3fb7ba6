"""The rules of the house that no other tool checks: sizes, docstrings, nothing half done, nothing of one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
TYPICAL_FUNCTION = 8
FOLDERS = (
    ".ci",
    "bench",
    "deploy",
    "docs",
    "libs",
    "migrations",
    "packs",
    "requirements",
    "scripts",
    "services",
    "tests",
)
TEXT = {".py", ".sql", ".md", ".yaml", ".yml", ".toml", ".txt", ".sh", ".in", ""}
_HALF_DONE = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b")
_ONE_MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w|file:///")
_EXCUSE = re.compile(r"#\s*(type: ignore|noqa)(?!\S)")


def _sources() -> list[Path]:
    return sorted(path for top in ("libs", "services") for path in (ROOT / top).rglob("*.py"))


def _written() -> Iterator[Path]:
    """Every file that somebody wrote."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT and path.name != ".git")
    for top in FOLDERS:
        for path in (ROOT / top).rglob("*"):
            if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
                yield path


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines after the signature and the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def _place(path: Path, line: int = 1) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_there_is_something_to_check() -> None:
    assert len(_sources()) > 50


def test_no_file_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _sources()}
    assert [_place(path, count) for path, count in lengths.items() if count > LONGEST_FILE] == []


def test_no_function_is_too_long() -> None:
    found = [
        f"{_place(path, each.lineno)} {each.name}: {_length(each)} lines"
        for path in _sources()
        for each in _functions(path)
        if _length(each) > LONGEST_FUNCTION
    ]
    assert found == []


def test_functions_are_short_as_a_rule() -> None:
    lengths = sorted(_body_length(each) for path in _sources() for each in _functions(path))
    assert lengths[len(lengths) // 2] <= TYPICAL_FUNCTION


def test_every_module_says_why_it_exists() -> None:
    silent = [_place(path) for path in _sources() if not ast.get_docstring(_tree(path))]
    assert silent == []


def test_nothing_is_half_done() -> None:
    found = [
        _place(path, number)
        for path in _sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _HALF_DONE.search(line)
    ]
    assert found == []


def test_excuses_are_named() -> None:
    """`type: ignore` and `noqa` say which rule they set aside."""
    found = [
        _place(path, number)
        for path in _sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _EXCUSE.search(line)
    ]
    assert found == []


def test_nothing_belongs_to_one_machine() -> None:
    found = [
        _place(path, number)
        for path in _written()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _ONE_MACHINE.search(line)
    ]
    assert found == []


def test_the_lock_names_no_index() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert "index-url" not in text
        assert text.count("--hash=sha256:") > text.count("==")


@pytest.mark.parametrize("name", ["base", "dev"])
def test_the_lock_has_every_dependency(name: str) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"]["dev"] if name == "dev" else [])
    locked = {_name(line) for line in (ROOT / f"requirements/{name}.txt").read_text().splitlines() if "==" in line}
    assert {_name(each) for each in wanted} - locked == set()


def _name(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name.group()).lower() if name else requirement
