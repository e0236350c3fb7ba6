"""The package reads no clock, opens nothing and rolls no dice, and compiles nothing to Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import attune_core.expressions

MODULES = sorted(Path(str(attune_core.expressions.__file__)).parent.rglob("*.py"))
FORBIDDEN = {"asyncio", "os", "time", "random", "uuid", "logging", "socket", "subprocess", "threading", "secrets"}
FORBIDDEN |= {"datetime", "pathlib", "io", "sys", "importlib", "pickle", "ctypes"}


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_module_reaches_the_host(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert not imported(tree) & FORBIDDEN
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "eval", "exec", "compile", "getattr", "setattr", "__import__", "print"} - {"getattr"}


def test_all_modules_are_looked_at() -> None:
    assert len(MODULES) > 25
