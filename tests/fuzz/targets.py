"""What must hold for any template and any definition: a value or a refusal with a sentence, soon, and nothing else."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attune_core.definition.check import check_workflow
from attune_core.expressions.filters.registry import FILTERS
from attune_core.expressions.limits import OUTPUT_CHARS
from attune_core.expressions.render import ExpressionError, compile_condition, compile_value
from attune_core.expressions.scope import FactsMissing, Scope
from tests.unit.core.expressions import hostile

ROOT = Path(__file__).parents[2]
SECONDS = 2.0
"""Of processor time, on any machine. What is bounded takes a small part of it."""

DATA: dict[str, Any] = {
    "x": [{"name": "a", "on": True, "n": 1}, {"name": "b", "on": False, "n": 2.5}],
    "big": "x" * 20_000,
    "numbers": list(range(5_000)),
    "deep": hostile.nested(60),
    "text": "- a: [1, {b: 'c'}]\n{{ vars.x }}",
}
TOKENS = (
    *("{{", "}}", "{%", "%}", "{#", "-%}", "|", "(", ")", "[", "]", "'", '"', ",", ":", "~", "**", "//", "%", "\n"),
    *(" for i in vars.numbers ", " if ", " else ", "{% endfor %}", "{% set a = ", " in ", " is ", " not "),
    "loop.index",
    *("vars.x", "vars.big", "vars.numbers", "vars.deep", "vars.text", ".name", "[0]", "[::-1]", "range(9999)"),
    "__class__",
    *(f"|{name}" for name in sorted(FILTERS)),
)
GOOD = (
    "{{ vars.x | map(attribute='name') | join(', ') }} of {{ vars.x | length }}",
    "{% for i in vars.x if i.on %}{{ loop.index }}: {{ i.name | upper }}{% else %}none{% endfor %}",
    "{{ {'a': vars.x[0].n + 1.5, 'b': [vars.big[:3], none]} | merge({'c': true}) | to_json | from_json }}",
    "{{ (vars.x | selectattr('n', '>', 1) | sum(attribute='n')) if vars.x is sequence else vars.y | default('none') }}",
    "{% set a = vars.numbers | batch(size=7) | first %}{{ a | zip(a) | flatten | unique | sort | reverse | list }}",
    "{{ vars.text | from_yaml | to_yaml | regex_replace('[a-z]+', '<\\0>') | b64encode | b64decode | sha256 }}",
    "{{ 7 // 2 ** 3 % 4 - -1 }}{{ not vars.x or 'a' in vars.big and vars.x[0]['n'] <= 1 }}",
)
WORDS = ("- ", ": ", "{", "}", "[", "]", "&a ", "*a", "<<: ", "!!", "\t", "'", '"', "|\n", "---\n", "\n", "  ", "null")


_REFUSED = "refused: "


@dataclass(frozen=True, slots=True)
class Target:
    """`judge` raises for a text that was not handled as it has to be."""

    corpus: Sequence[str]
    tokens: Sequence[str]
    judge: Callable[[str], None]


def judge_template(text: str) -> None:
    """Errors: AssertionError; whatever else the expressions let out."""
    scope, before = Scope(vars=DATA), copy.deepcopy(DATA)
    for use in (lambda: compile_value(text).render(scope), lambda: compile_condition(text).test(scope)):
        started = time.process_time()
        first, again = _tried(use), _tried(use)
        assert first != _REFUSED, "refused without a word"
        assert time.process_time() - started < SECONDS, "it takes too long"
        assert first == again, "it gives something else the second time"
    assert before == DATA, "it has changed its data"


def _tried(use: Callable[[], Any]) -> str:
    try:
        written = json.dumps(use(), allow_nan=False)
    except (ExpressionError, FactsMissing) as refusal:
        return f"{_REFUSED}{refusal}"
    assert len(written) <= 12 * OUTPUT_CHARS, "it gives too much"
    return written


def judge_definition(text: str) -> None:
    """Errors: AssertionError; whatever else the checker lets out."""
    started = time.process_time()
    problems = check_workflow(text, "w.yaml")
    assert time.process_time() - started < SECONDS, "it takes too long"
    assert all(problem.message and problem.line >= 1 and problem.column >= 1 for problem in problems), problems


def _workflows() -> list[str]:
    return [path.read_text() for path in sorted((ROOT / "packs/examples").glob("*/workflows/*.yaml"))]


TARGETS = {
    "templates": Target([*GOOD * 20, *hostile.ESCAPES, *hostile.EATERS], TOKENS, judge_template),
    "definitions": Target(_workflows(), (*WORDS, *TOKENS[:40]), judge_definition),
}
