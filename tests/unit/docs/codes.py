"""The codes and error types that the code can give, found in its source: a page that lists them cannot miss one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
CORE = ROOT / "libs/core/attune_core"
_CODE = re.compile(r"[a-z]+(_[a-z]+)+\Z")

# the function, and which of its arguments is a code
CHECKER_CALLS = {
    "Fault": 1,
    "Finding": 1,
    "Problem": 3,
    "Refused": 0,
    "_at_texts": 3,
    "_fault": 1,
    "_problem": 1,
    "_refuse": 2,
    "_refused": 1,
    "error": 1,
    "fail": 0,
    "matching": 2,
    "refusal": 1,
    "warning": 1,
}
TYPE_CALLS = {
    "TaskProblem": 0,
    "_problem": 0,
    "failed": 0,
    "render": 2,
    "render_kept": 2,
}
RUNNING = (CORE / "workflow", CORE / "policies", ROOT / "services/executor")
OF_RUNS = {"catalogue.py", "scope.py"}
"""Files whose errors belong to runs, although they stand beside the checker."""


def checker_codes() -> set[str]:
    """Codes of findings in files: in calls, in `code=`, in the class of an error, and in what a function returns."""
    found = {"wrong_type"}
    for path in CORE.rglob("*.py"):
        if path.parent.name == "workflow" or path.name in OF_RUNS:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= set(_in_calls(tree, CHECKER_CALLS))
        if path.parent.name in ("definition", "expressions", "model"):
            found |= set(_in_errors(tree))
    return found | _spoken()


def _spoken() -> set[str]:
    """Codes that are put together: `unknown_{word}` of expressions, and the tuples of `check_names`."""
    words = {"unknown_filter", "unknown_test"}
    assert 'f"unknown_{word}"' in (CORE / "expressions/selections.py").read_text(encoding="utf-8")
    tree = ast.parse((CORE / "definition/check_names.py").read_text(encoding="utf-8"))
    returned = (node.value for node in ast.walk(tree) if isinstance(node, ast.Return))
    tuples = (value for value in returned if isinstance(value, ast.Tuple))
    return words | {code for value in tuples for code in _constants(value.elts[:1])}


def error_types() -> set[str]:
    """Types of errors that the engine and the executor give."""
    found: set[str] = set()
    for folder in RUNNING:
        for path in folder.rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found |= set(_in_calls(tree, TYPE_CALLS)) | set(_in_maps(tree))
    return found


def _in_calls(tree: ast.AST, calls: dict[str, int]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            position = calls.get(_name(node.func), -1)
            if 0 <= position < len(node.args):
                yield from _constants(node.args[position : position + 1])


def _in_errors(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _constants([keyword.value for keyword in node.keywords if keyword.arg == "code"])
        elif isinstance(node, ast.ClassDef):
            assigned = (each for each in node.body if isinstance(each, ast.Assign))
            coded = (each for each in assigned if [_name(target) for target in each.targets] == ["code"])
            yield from _constants([each.value for each in coded])


def _in_maps(tree: ast.AST) -> Iterator[str]:
    """`{"type": TYPE, "message": ...}`; the type may be a constant of the module."""
    named = dict(_module_constants(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            if "type" in keys and "message" in keys:
                value = node.values[keys.index("type")]
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value
                elif isinstance(value, ast.Name) and value.id in named:
                    yield named[value.id]


def _module_constants(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.iter_child_nodes(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from ((_name(target), value.value) for target in targets)


def _constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.IfExp):
            yield from _constants([node.body, node.orelse])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.match(node.value):
            yield node.value


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
