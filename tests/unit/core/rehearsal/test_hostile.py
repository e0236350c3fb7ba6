"""Whatever stands in a script or a test file: a sentence about it, or a rehearsal that ends."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from attune_core.definition.parse import parse_workflow
from attune_core.errors import DefinitionError
from attune_core.rehearsal.cases import read_cases, run_case
from attune_core.rehearsal.catalogue import Catalogue, catalogue_of
from attune_core.rehearsal.keys import ANSWER, CASE, EXPECT
from attune_core.rehearsal.reading import read_script
from attune_core.rehearsal.run import rehearse
from tests.unit.core.rehearsal.plays import pack

NAMES = ["a", "items", "items[1]", "sub", "sub.inner", "nope", "", "a[", "x.y.z"]
WORDS = some.sampled_from([*CASE, *ANSWER, *EXPECT, *NAMES, "test.outer", "fail", "succeed", "run", "pause"])
LEAVES = some.none() | some.booleans() | some.integers(-5, 10**12) | some.floats(allow_nan=False) | WORDS
VALUES = some.recursive(
    LEAVES, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(WORDS, inner, max_size=4), max_leaves=25
)
BUNDLE = pack(
    inner="tasks: [{name: inner, action: test.work, input: {n: 1}}]",
    outer="""
    parameters: {n: {type: integer, default: 1}}
    vars: {v: 0}
    tasks:
      - {name: a, action: test.work, input: {n: "{{ parameters.n }}"}, retry: {count: 2, delay: 5}, on_failure: noop}
      - {name: items, action: x.y, with_items: [1, 2, 3], timeout: 5, tolerate: {count: 1}}
      - {name: sub, action: test.inner, on_complete: again}
      - {name: again, publish: [{v: "{{ vars.v + 1 }}"}]}
    """,
)
CATALOGUE = catalogue_of([BUNDLE])
GRAPH = CATALOGUE.workflows["test.outer"]


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_any_script(raw: Any) -> None:
    try:
        script = read_script(raw)
    except DefinitionError:
        return
    report = rehearse(GRAPH, script, CATALOGUE, limit=500)
    assert report.status.is_final or report.status.value in ("paused", "waiting", "pausing") or report.stopped


@settings(max_examples=300, deadline=None)
@given(some.lists(some.dictionaries(WORDS, VALUES, max_size=5), max_size=3))
def test_any_test_file(raw: Any) -> None:
    content = yaml.safe_dump(raw).encode()
    try:
        cases = read_cases({"tests/t.yaml": content}, BUNDLE, CATALOGUE)
    except DefinitionError as error:
        places = {(problem.file, problem.line > 0) for problem in error.problems}
    else:
        places = {("tests/t.yaml", True)}
        assert [run_case(case, CATALOGUE).case for case in cases] == cases
        assert len(cases) == len(raw)
    assert places == {("tests/t.yaml", True)}


ANSWERS = some.sampled_from(["fail", "succeed", "time_out", {"fail": "x", "after": 9}, {"succeed": 1, "after": 3}])
TASKS = some.sampled_from(["a", "items", "items[1]", "sub", "sub.inner"])
SIGNALS = some.lists(some.sampled_from([{"pause": 2}, {"resume": 7}, {"cancel": 4}]), max_size=3)


@settings(max_examples=100, deadline=None)
@given(some.dictionaries(TASKS, some.lists(ANSWERS, min_size=1, max_size=3)), SIGNALS)
def test_any_script_of_the_right_shape_comes_to_an_end(outcomes: Any, signals: Any) -> None:
    script = read_script({"outcomes": outcomes, "signals": signals, "subworkflows": "run", "parameters": {"n": 1}})
    report = rehearse(GRAPH, script, CATALOGUE)
    assert report.stopped == ""
    paused = [each for each in signals if "pause" in each]
    assert report.status.is_final or paused


def test_a_catalogue_that_knows_nothing_is_enough() -> None:
    graph = parse_workflow("ref: a.b\ntasks: [{name: a, action: c.d}]", "w.yaml").graph
    assert rehearse(graph, read_script({}), Catalogue()).status.value == "completed"
