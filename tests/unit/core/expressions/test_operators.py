"""Operators: the same as Python's on JSON, and an error with both types where they do not fit."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import Environment

from tests.unit.core.expressions.rendering import evaluated, failure

AGREED = [
    "1 + 2 * 3 - 4",
    "7 / 2",
    "7 // 2",
    "-7 % 3",
    "2 ** 10",
    "2 ** -1",
    "-3",
    "+3",
    "true + 1",
    "'a' + 'b'",
    "[1] + [2, 3]",
    "'a' ~ 1 ~ 'b'",
    "1 == 1.0",
    "1 != 2",
    "'a' < 'b'",
    "1 < 2 < 3",
    "1 < 3 < 2",
    "3 >= 3",
    "[1, 2] < [1, 3]",
    "2 in [1, 2]",
    "'x' not in 'abc'",
    "'bc' in 'abc'",
    "'k' in {'k': 1}",
    "[1] in [[1], [2]]",
    "not 0",
    "0 or 'x'",
    "'' and 1",
    "1 if true else 2",
    "1 if [] else 2",
    "'abcdef'[1:4]",
    "[1, 2, 3, 4][::-1]",
    "[1, 2, 3][-1]",
    "'abc'[0]",
    "{'a': {'b': [5]}}.a.b[0]",
    "none",
    "null is none",
    "1_000",
    "0x1f",
    "1.5e3",
    "'a' 'b'",
    "[1, [2]] == [1, [2]]",
    "{'a': 1} == {'a': 1.0}",
]


@pytest.mark.parametrize("expression", AGREED)
def test_the_same_as_plain_jinja(expression: str) -> None:
    plain = Environment().compile_expression(expression.replace("null", "none"))
    assert evaluated(expression) == plain()


def test_a_tuple_is_a_list() -> None:
    assert evaluated("(1, 2)") == [1, 2]


def test_and_or_do_not_look_further_than_they_need() -> None:
    assert evaluated("false and vars.nope") is False
    assert evaluated("true or vars.nope") is True
    assert evaluated("1 if true else vars.nope") == 1


@pytest.mark.parametrize(
    ("expression", "types"),
    [
        ("'a' + 1", "text and number"),
        ("1 + none", "number and null"),
        ("'a' * 3", "text and number"),
        ("[1] * 3", "list and number"),
        ("'%s' % 1", "text and number"),
        ("{} + {}", "map and map"),
        ("1 < 'a'", "number and text"),
        ("none < 1", "null and number"),
        ("{} < {}", "map and map"),
    ],
)
def test_types_that_do_not_fit(expression: str, types: str) -> None:
    error = failure("{{ " + expression + " }}")
    assert error.code == "wrong_type"
    assert types in error.message
    assert expression in error.message


@pytest.mark.parametrize("expression", ["1 / 0", "1 // 0", "1 % 0", "0 ** -1", "(-8) ** 0.5"])
def test_what_has_no_value(expression: str) -> None:
    assert failure("{{ " + expression + " }}").code == "wrong_value"


def test_hints_say_what_to_write_instead() -> None:
    assert "~" in failure("{{ 'a' + 1 }}").hint
    assert "merge" in failure("{{ {} + {} }}").hint


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_result_fits_in_64_bits(value: int) -> None:
    assert failure("{{ vars.x }}", vars={"x": value}).code == "number_too_big"
    assert evaluated("vars.x | string", x=value) == str(value)


def test_an_if_without_else_is_null_as_a_value() -> None:
    assert evaluated("'x' if false") is None


@pytest.mark.parametrize("value", ["a", 1, None, {"a": 1}, True])
def test_only_text_lists_and_maps_hold_anything(value: Any) -> None:
    if isinstance(value, str | dict):
        assert evaluated("'a' in vars.x", x=value) is True
    else:
        assert failure("{{ 'a' in vars.x }}", vars={"x": value}).code == "wrong_type"
