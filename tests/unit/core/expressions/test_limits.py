"""At the limit, and one beyond it."""

from __future__ import annotations

from typing import Any

from attune_core.expressions import template
from attune_core.expressions.frame import Frame, measure
from attune_core.expressions.limits import FUEL, KEPT_LONG, OUTPUT_CHARS, RANGE_LENGTH, SOURCE_CHARS, VALUE_DEPTH
from attune_core.expressions.render import check_value, compile_value
from attune_core.expressions.scope import Scope
from tests.unit.core.expressions.rendering import evaluated, failure, refusal, rendered


def test_the_length_of_a_source() -> None:
    source = "{{ 1 }}".ljust(SOURCE_CHARS)
    assert rendered(source) == "1".ljust(SOURCE_CHARS - 6)
    assert refusal(source + " ").code == "template_too_long"
    assert rendered("x" * (SOURCE_CHARS + 1)) == "x" * (SOURCE_CHARS + 1)


def test_the_length_of_an_output() -> None:
    half = "x" * (OUTPUT_CHARS // 2)
    assert len(rendered("{{ vars.h }}{{ vars.h }}", vars={"h": half})) == OUTPUT_CHARS
    assert failure("{{ vars.h }}{{ vars.h }}!", vars={"h": half}).code == "too_long"
    assert failure("{{ vars.h ~ vars.h ~ '!' }}", vars={"h": half}).code == "too_long"


def test_the_length_of_a_range() -> None:
    assert evaluated(f"range({RANGE_LENGTH}) | length") == RANGE_LENGTH
    assert failure("{{ range(" + str(RANGE_LENGTH + 1) + ") }}").code == "too_long"


def test_the_size_of_numbers() -> None:
    assert evaluated("2 ** 1023 // 2 ** 1000") == 2**23
    assert failure("{{ 2 ** 1024 }}").code == "number_too_big"
    assert failure("{{ 2 ** 1023 * 2 }}").code == "number_too_big"


def test_a_power_is_refused_before_it_is_computed() -> None:
    assert "A power has more" in failure("{{ 9 ** 9999999 }}").message
    assert evaluated("(-1) ** (2 ** 900 + 1)") == -1


def test_signs_in_a_row() -> None:
    assert evaluated("-" * 20 + "1") == 1
    assert evaluated("not " * 20 + "true") is True
    assert refusal("{{ " + "-" * 21 + "1 }}").code == "template_too_complex"
    assert refusal("{{ " + "not " * 21 + "true }}").code == "template_too_complex"


def test_the_memory_of_a_pattern() -> None:
    assert evaluated("'a' | regex_match('\\\\pL')") is True
    assert failure("{{ 'a' | regex_match('(?i)(\\\\pL|\\\\pN){200}') }}").code == "wrong_pattern"


def test_a_deep_value_costs_more_than_a_flat_one() -> None:
    deep: Any = 1
    for _ in range(90):
        deep = [deep]
    spent = []
    for value in (deep, [1] * 90):
        frame = Frame(Scope())
        measure(frame, value)
        spent.append(FUEL - frame.fuel)
    assert spent[0] > 3 * spent[1] >= 270


def test_the_depth_of_values() -> None:
    def nest(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return value

    assert rendered("{{ vars.x | to_json }}", vars={"x": nest(VALUE_DEPTH - 1)})
    assert failure("{{ vars.x | to_json }}", vars={"x": nest(VALUE_DEPTH)}).code == "too_deep"
    assert refusal(nest(VALUE_DEPTH + 1)).code == "too_deep"


def test_nesting_that_people_write_is_fine() -> None:
    assert evaluated("(" * 20 + "1" + ")" * 20) == 1
    assert evaluated(" + ".join(["1"] * 90)) == 90
    assert evaluated("vars" + ".a" * 80, **_chain(80)) == 1
    assert rendered("{% if 1 %}" * 15 + "x" + "{% endif %}" * 15) == "x"


def _chain(depth: int) -> dict[str, Any]:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return dict(value)


def test_the_cache_is_bounded_and_gives_the_same_template_again() -> None:
    first = compile_value("{{ vars.cached }}")
    assert compile_value("{{ vars.cached }}").reads is first.reads
    for number in range(200):
        compile_value("{{ vars.x }}" + f"{number}".ljust(10_000, "x"))
    assert template._kept_long.cache_info().currsize == KEPT_LONG
    assert compile_value("{{ vars.cached }}").reads is first.reads
    assert compile_value("{{ vars.cached }}").render(Scope(vars={"cached": 3})) == 3


def test_the_cache_tells_notations_and_names_apart() -> None:
    assert refusal("{{ other.x }}").code == "unknown_name"
    value = compile_value("{{ other.x }}", frozenset({"other"}))
    assert value.render(Scope(extra={"other": {"x": 1}})) == 1
    assert refusal("{{ other.x }}").code == "unknown_name"


def test_every_wrong_template_of_a_value_is_reported_with_its_place() -> None:
    raw = {"a": ["{{ nope }}", "{{ 1 }}", {"b": "x\n{{ 1 | nope }}"}], "c": "{{ vars.x"}
    found = [(problem.path, problem.line, problem.code) for problem in check_value(raw)]
    assert found == [
        ("a[0]", 1, "unknown_name"),
        ("a[2].b", 2, "unknown_filter"),
        ("c", 1, "template_syntax"),
    ]
    assert check_value({"a": "{{ vars.x }}"}) == []
    assert refusal(raw).path == "a[0]"


def test_a_failure_names_its_place_in_the_value() -> None:
    error = failure({"a": [1, {"b": "{{ vars.nope }}"}]})
    assert error.path == "a[1].b"
    assert error.expression == "{{ vars.nope }}"


def test_long_sources_are_shortened_in_messages() -> None:
    error = failure("{{ vars.nope }}" + "x" * 5_000)
    assert len(error.message) < 300
    assert len(error.expression) > 5_000
