"""Cases of a pack: every mistake at its place, every difference at the expectation it concerns."""

from __future__ import annotations

from textwrap import dedent

import pytest

from attune_core.errors import DefinitionError
from attune_core.rehearsal.cases import Case, read_cases, run_case
from attune_core.rehearsal.catalogue import catalogue_of
from tests.unit.core.definition.marked import unmarked
from tests.unit.core.rehearsal.plays import pack

BUNDLE = pack(
    greet="""
    parameters: {name: {type: string, required: true}}
    vars: {n: 0}
    tasks:
      - {name: greet, action: core.echo, input: {message: "{{ pack.config.greeting }} {{ parameters.name }}"}}
      - {name: each, action: core.echo, with_items: [1, 2]}
      - name: both
        type: parallel
        tasks: [{name: left, action: core.noop}, {name: right, action: core.noop}]
    output_map: {text: "{{ task.greet.result.message }}", n: "{{ vars.n }}"}
    """
)
CATALOGUE = catalogue_of([BUNDLE])
HEAD = "- workflow: test.greet\n  parameters: {name: Ada}\n"


def _read(text: str) -> list[Case]:
    return read_cases({"tests/t.yaml": text.encode()}, BUNDLE, CATALOGUE)


MISTAKES = [
    ("unknown_key", HEAD + "  §outcome: {}", "outcomes"),
    ("missing_key", "- §name: x", "workflow"),
    ("unknown_workflow", "- workflow: §test.gret", "test.greet"),
    ("invalid_parameters", "- workflow: test.greet\n  parameters: §{name: 5}", ""),
    ("unknown_task", HEAD + "  outcomes: {§gret: succeed}", "greet"),
    ("no_items", HEAD + "  outcomes: {§'greet[1]': succeed}", "greet"),
    ("no_action", HEAD + "  outcomes: {§both: succeed}", "sub-tasks"),
    ("no_subworkflow", HEAD + "  outcomes: {§left.x: succeed}", ""),
    ("invalid_name", HEAD + "  outcomes: {§'a b': succeed}", "task[3]"),
    ("unknown_value", HEAD + "  outcomes: {greet: §sucede}", "succeed"),
    ("wrong_type", HEAD + "  outcomes: {greet: §{after: 5}}", "fail"),
    ("wrong_type", HEAD + "  outcomes: {greet: §[]}", "default"),
    ("out_of_range", HEAD + "  outcomes: {greet: {succeed: 1, after: §-5}}", ""),
    ("wrong_type", HEAD + "  outcomes: {greet: {fail: §5}}", "type"),
    ("wrong_type", HEAD + "  signals: §{pause: 5}", "- pause"),
    ("unknown_key", HEAD + "  signals: [{§stop: 5}]", ""),
    ("unknown_value", HEAD + "  subworkflows: §yes", ""),
    ("unknown_key", HEAD + "  expect: {§state: completed}", "status"),
    ("unknown_value", HEAD + "  expect: {status: §succeeded}", ""),
    ("unknown_task", HEAD + "  expect: {path: [greet, §eaach]}", "each"),
    ("unknown_task", HEAD + "  expect: {tasks: {§leftt: pending}}", "left"),
    ("unknown_variable", HEAD + "  expect: {vars: {§m: 0}}", "vars"),
    ("yaml_syntax", HEAD + "  expect: {§", None),
]


@pytest.mark.parametrize(("code", "text", "hint"), MISTAKES)
def test_a_mistake_has_a_place(code: str, text: str, hint: str | None) -> None:
    plain, line, column = unmarked(text)
    with pytest.raises(DefinitionError) as caught:
        _read(plain)
    (problem,) = [problem for problem in caught.value.problems if problem.code == code]
    if hint is not None:
        assert (problem.file, problem.line, problem.column) == ("tests/t.yaml", line, column)
        assert hint in problem.hint


def test_all_mistakes_are_told_at_once() -> None:
    text = HEAD + "  outcomes: {gret: succeed, each: nope}\n" + HEAD + "  expect: {status: done}\n"
    with pytest.raises(DefinitionError) as caught:
        _read(text)
    assert len(caught.value.problems) == 3


DIFFERENCES = [
    ("expect: {status: §failed}", "status should be 'failed', it is 'completed'"),
    ("expect: {output: {text: §Hello Grace}}", "output.text should be 'Hello Grace', it is 'Hello Ada'"),
    ("expect: {output: {n: §false}}", "output.n should be False, it is 0"),
    ("expect: {output: {nothing: §1}}", "output.nothing should be 1, it is not there"),
    ("expect: {input: {'each[1]': {x: §1}}}", 'input["each[1]"].x should be 1, it is not there'),
    ("expect: {duration: §1}", "duration should be 1, it is 0.0"),
]


@pytest.mark.parametrize(("expect", "sentence"), DIFFERENCES)
def test_a_difference_stands_at_its_expectation(expect: str, sentence: str) -> None:
    plain, line, column = unmarked(HEAD + "  " + expect)
    (case,) = _read(plain)
    (problem,) = run_case(case, CATALOGUE).problems
    assert (problem.line, problem.column, problem.message) == (line, column, sentence)


def test_a_case_that_holds() -> None:
    (case,) = _read(
        HEAD + "  name: it holds\n  expect: {output: {text: Hello Ada}, path: [greet, each, left, right, both]}"
    )
    assert (case.name, case.line) == ("it holds", 1)
    assert run_case(case, CATALOGUE).problems == ()


def test_the_packs_configuration_may_be_another() -> None:
    (case,) = _read(HEAD + "  pack_config: {greeting: Hi}\n  expect: {output: {text: Hi Ada}}")
    assert run_case(case, CATALOGUE).problems == ()


@pytest.mark.parametrize("text", ["workflow: test.greet\nparameters: {name: A}", "cases:\n" + HEAD])
def test_a_file_may_hold_one_case_or_a_key_with_cases(text: str) -> None:
    assert len(_read(dedent(text))) == 1


def test_only_files_directly_in_tests_are_read() -> None:
    files = {"tests/deep/x.yaml": b"nonsense", "tests/x.txt": b"nonsense", "x.yaml": b"nonsense"}
    assert read_cases(files, BUNDLE, CATALOGUE) == []
