"""Conditions: braces or bare, and Python's truth."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.expressions.render import ExpressionError, compile_condition
from attune_core.expressions.scope import FactsMissing, Scope


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", [], {}, True, 1, "false", " ", [0], {"a": None}])
def test_truth_is_pythons(value: Any) -> None:
    assert compile_condition("vars.x").test(Scope(vars={"x": value})) is bool(value)


@pytest.mark.parametrize(
    "source", ["vars.x == 1", "{{ vars.x == 1 }}", " {{ vars.x == 1 }} ", "{{ vars.x == 1 }}\n", "  vars.x == 1 "]
)
def test_with_and_without_braces(source: str) -> None:
    condition = compile_condition(source)
    assert condition.test(Scope(vars={"x": 1})) is True
    assert condition.test(Scope(vars={"x": 2})) is False
    assert condition.source == source


@pytest.mark.parametrize("answer", [True, False])
def test_a_boolean_is_a_condition(answer: bool) -> None:
    assert compile_condition(answer).test(Scope()) is answer
    assert compile_condition(str(answer).lower()).test(Scope()) is answer


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ vars.a }} and {{ vars.b }}", "not_a_condition"),
        ("x {{ vars.a }}", "not_a_condition"),
        ("{% if vars.a %}yes{% endif %}", "not_a_condition"),
        ("", "template_syntax"),
        ("   ", "template_syntax"),
        ("vars.a ==", "template_syntax"),
        ("vars.a = 1", "template_syntax"),
        ("vars.a && vars.b", "template_syntax"),
        ("vars.a }}", "template_syntax"),
        ("vars.a vars.b", "template_syntax"),
        ("environment == 'x'", "unknown_name"),
    ],
)
def test_what_is_not_a_condition(source: str, code: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_condition(source)
    assert caught.value.code == code
    assert caught.value.expression == source


def test_errors_and_missing_facts_come_out() -> None:
    with pytest.raises(ExpressionError, match=r"vars\.nope > 1"):
        compile_condition("vars.nope > 1").test(Scope())
    with pytest.raises(FactsMissing):
        compile_condition("kv.get('x')").test(Scope())


def test_extra_names() -> None:
    condition = compile_condition("event.payload.level >= 3", frozenset({"event"}))
    assert condition.test(Scope(extra={"event": {"payload": {"level": 3}}})) is True
