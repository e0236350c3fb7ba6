"""The tests after `is`, by example."""

from __future__ import annotations

import pytest

from attune_core.expressions.checks import DEFINED, TESTS
from tests.unit.core.expressions.rendering import evaluated, failure

TRUE = {
    "even": "2",
    "odd": "3",
    "divisibleby": "9 is divisibleby 3",
    "none": "none",
    "null": "null",
    "boolean": "false",
    "true": "true",
    "false": "false",
    "integer": "1",
    "float": "1.0",
    "number": "1.5",
    "string": "''",
    "mapping": "{}",
    "sequence": "[]",
    "iterable": "{}",
    "lower": "'a'",
    "upper": "'A'",
    "sameas": "1 is sameas 1",
    "in": "1 is in [1]",
    "eq": "1 is eq 1",
    "equalto": "1 is equalto 1",
    "ne": "1 is ne 2",
    "lt": "1 is lt 2",
    "lessthan": "1 is lessthan 2",
    "le": "1 is le 1",
    "gt": "2 is gt 1",
    "greaterthan": "2 is greaterthan 1",
    "ge": "1 is ge 1",
    "defined": "1",
}
FALSE = [
    "3 is even",
    "2 is odd",
    "9 is divisibleby 2",
    "0 is none",
    "0 is boolean",
    "1 is true",
    "0 is false",
    "true is integer",
    "true is number",
    "1 is float",
    "1 is string",
    "[] is mapping",
    "{} is sequence",
    "1 is iterable",
    "'A' is lower",
    "1 is sameas true",
    "1 is sameas 1.0",
    "1 is undefined",
    "vars.nope is defined",
    "1 is not number",
]


@pytest.mark.parametrize("name", sorted(TRUE))
def test_true(name: str) -> None:
    expression = TRUE[name] if " is " in TRUE[name] else f"{TRUE[name]} is {name}"
    assert evaluated(expression) is True


@pytest.mark.parametrize("expression", FALSE)
def test_false(expression: str) -> None:
    assert evaluated(expression) is False


@pytest.mark.parametrize("name", ["==", "!=", "<", "<=", ">", ">="])
def test_symbols_are_names_for_selections(name: str) -> None:
    assert evaluated(f"[1, 2, 3] | select('{name}', 2)") == [n for n in (1, 2, 3) if eval(f"{n} {name} 2")]


def test_every_test_has_an_example() -> None:
    assert not {name for name in (*TESTS, *DEFINED) if name.isalpha()} - {*TRUE, "undefined"}


@pytest.mark.parametrize("expression", ["'a' is even", "1.5 is odd", "1 is divisibleby 0", "1 is in 5", "1 is lt 'a'"])
def test_wrong_types(expression: str) -> None:
    assert failure("{{ " + expression + " }}").code in ("wrong_type", "wrong_value")
