"""The hostile corpus: refused or failed, with an error that a user can read, within the fuel and in flat memory."""

from __future__ import annotations

import tracemalloc

import pytest

from attune_core.expressions.frame import Frame
from attune_core.expressions.limits import DECISION_FUEL, FUEL
from attune_core.expressions.render import ExpressionError, compile_condition, compile_value
from attune_core.expressions.scope import Meter, Scope
from attune_core.expressions.template import compile_template
from tests.unit.core.expressions.hostile import BIG, DATA, EATERS, ESCAPES

MEMORY = 50 * 1024 * 1024


def short(source: str) -> str:
    return source if len(source) < 60 else f"{source[:40]}…{source[-15:]}"


@pytest.mark.parametrize("source", ESCAPES, ids=short)
def test_refused_when_compiled(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_value(source)
    error = caught.value
    assert error.code != "expression_error"
    assert error.expression == source
    assert 0 < len(error.message) < 600


@pytest.mark.parametrize("source", EATERS, ids=short)
def test_failed_when_rendered(source: str) -> None:
    value = compile_value(source)
    with pytest.raises(ExpressionError) as caught:
        value.render(Scope(vars=DATA))
    error = caught.value
    assert error.code != "expression_error"
    assert error.expression == source
    assert 0 < len(error.message) < 600


HUNGRY = [source for source in EATERS if "set a" in source or "same" in source or "big" in source or "10**9" in source]


@pytest.mark.parametrize("source", HUNGRY, ids=short)
def test_memory_stays_flat(source: str) -> None:
    value = compile_value(source)
    tracemalloc.start()
    try:
        with pytest.raises(ExpressionError):
            value.render(Scope(vars=DATA))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "source", ["{{ 'a'*10**9 }}", "{{ 9**9999999 }}", "{{ [0]*10**9 }}", "{{ 'a'|indent(10**9) }}"]
)
def test_compiling_folds_nothing(source: str) -> None:
    tracemalloc.start()
    try:
        compile_value(source)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


def test_the_fuel_is_that_of_the_whole_value() -> None:
    each = "{{ vars.numbers | map('string') | length }}"
    assert compile_value([each]).render(Scope(vars=DATA)) == [100_000]
    with pytest.raises(ExpressionError) as caught:
        compile_value([each] * 50).render(Scope(vars=DATA))
    assert caught.value.code == "fuel_exhausted"


def test_the_renderings_of_one_decision_share_a_bound() -> None:
    dear = compile_value("{{ vars.numbers | map('string') | length }}")
    scope = Scope(vars=DATA, meter=Meter())
    assert {dear.render(scope) for _ in range(DECISION_FUEL // FUEL)} == {100_000}
    assert scope.meter is not None
    scope.meter.left = 1_000
    with pytest.raises(ExpressionError) as caught:
        dear.render(scope)
    assert caught.value.code == "fuel_exhausted"
    assert "together" in caught.value.message
    with pytest.raises(ExpressionError):
        dear.render(scope)
    assert dear.render(Scope(vars=DATA, meter=Meter())) == 100_000


def test_a_large_value_may_be_given_on_but_not_many_times() -> None:
    given = compile_value({"a": "{{ vars.records }}", "b": "{{ vars.x }}"}).render(Scope(vars=DATA))
    assert given["a"] is DATA["records"]
    with pytest.raises(ExpressionError) as caught:
        compile_value(["{{ vars.records }}"] * 10).render(Scope(vars=DATA))
    assert caught.value.code == "fuel_exhausted"
    with pytest.raises(ExpressionError):
        compile_value(["{{ vars.big }}"] * 200).render(Scope(vars={"big": BIG}))


@pytest.mark.parametrize(
    "source", ["{{ vars.records | groupby('on') }}", "{% for i in vars.same[:50] %}{{ i }}{% endfor %}"]
)
def test_the_same_work_takes_the_same_fuel_every_time(source: str) -> None:
    left = set()
    for copy in range(3):
        frame = Frame(Scope(vars={**DATA, "same": ["y" * 5_000] * 100, "records": DATA["records"][:1_000]}))
        compile_template(source, frozenset({f"copy{copy}"})).evaluate(frame)
        left.add(frame.fuel)
    assert len(left) == 1
    assert left.pop() < FUEL - 1_000


def test_conditions_are_bounded_too() -> None:
    for source in ("'a' * 10**9", "{{ 9**9999999 }}", "vars.numbers | select('in', vars.numbers) | length > 1"):
        condition = compile_condition(source)
        with pytest.raises(ExpressionError):
            condition.test(Scope(vars=DATA))
    with pytest.raises(ExpressionError):
        compile_condition("().__class__")


USEFUL = [
    "{{ vars.records | selectattr('on') | map(attribute='name') | list | length }}",
    "{{ vars.records | rejectattr('on') | length }}",
    "{{ vars.records | sort(attribute='name') | length }}",
    "{{ vars.numbers | sum }}",
    "{{ vars.numbers | batch(size=100) | length }}",
    "{{ vars.numbers | map('string') | length }}",
    "{{ vars.lines | split('\\n') | length }}",
    "{{ vars.lines | replace('ab', 'c') | length }}",
    "{{ vars.big | sha256 }}",
    "{% for i in range(20000) %}{{ i }},{% endfor %}",
]


@pytest.mark.parametrize("source", USEFUL, ids=short)
def test_honest_work_on_large_data_fits(source: str) -> None:
    assert compile_value(source).render(Scope(vars=DATA))
