"""An `on_success` beside a decision that always decides: it fires never, so it neither starts nor reaches a task."""

from __future__ import annotations

import pytest

from attune_core.definition.workflow import read_workflow
from attune_core.errors import Severity
from tests.unit.core.definition.marked import check, found, unmarked, workflow

DECIDED = "- {name: a, decision: [{when: 'true', next: b}, {default: c}], on_success: §X}\n- name: b\n- name: c\n"


def test_a_task_named_only_there_is_unreachable_and_no_start() -> None:
    plain, line, column = unmarked(workflow(DECIDED.replace("X", "d") + "- name: d"))
    problems = check(plain)
    assert [place[:2] for place in found(problems, Severity.WARNING, "no_effect")] == [(line, column)]
    assert len(found(problems, Severity.ERROR, "unreachable_task")) == 1
    assert found(problems, Severity.ERROR, "no_start") == []


def test_it_is_not_started() -> None:
    tasks = [{"name": "a", "decision": [{"default": "c"}], "on_success": "d"}, {"name": "c"}, {"name": "d"}]
    assert read_workflow({"ref": "test.w", "tasks": tasks}).graph.start == ("a",)


def test_a_task_that_something_else_reaches_is_only_warned_of() -> None:
    plain, line, column = unmarked(
        workflow("- {name: s, on_success: [a, d]}\n" + DECIDED.replace("X", "d") + "- name: d")
    )
    ((at_line, at_column, hint),) = found(check(plain), Severity.WARNING, "no_effect")
    assert (at_line, at_column) == (line, column)
    assert "decision" in hint
    assert [p for p in check(plain) if p.severity is Severity.ERROR] == []


@pytest.mark.parametrize("named", ["b", "c", "[b, c]"])
def test_what_the_decision_names_too_is_fine(named: str) -> None:
    assert check(workflow(DECIDED.replace("§X", named))) == []


def test_without_a_default_it_is_the_way_out() -> None:
    tasks = "- {name: a, decision: [{when: 'true', next: b}], on_success: d}\n- name: b\n- name: d"
    assert check(workflow(tasks)) == []
