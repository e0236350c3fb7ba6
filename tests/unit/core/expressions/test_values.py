"""What a template gives: types, text, nesting, and that it happens once."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.expressions.render import compile_value, literal
from attune_core.expressions.scope import Scope
from tests.unit.core.expressions.rendering import rendered

DATA: list[Any] = [None, True, False, 0, -1, 2**62, 1.5, "", "text", "{{ x }}", [], [1, [2]], {}, {"a": {"b": None}}]


@pytest.mark.parametrize("value", DATA)
def test_a_single_expression_keeps_the_type(value: Any) -> None:
    given = rendered("{{ vars.x }}", vars={"x": value})
    assert given == value
    assert type(given) is type(value)


@pytest.mark.parametrize(
    "source", ["{{vars.x}}", "{{- vars.x -}}", "  {{- vars.x -}}  ", "{{ vars.x }}\n", "{{\nvars.x\n}}"]
)
def test_what_counts_as_a_single_expression(source: str) -> None:
    assert rendered(source, vars={"x": [1]}) == [1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ vars.x }}{{ vars.x }}", "77"),
        (" {{ vars.x }}", " 7"),
        ("{{ vars.x }}\n\n", "7\n\n"),
        ("a {{ vars.x }} b", "a 7 b"),
        ("{% raw %}{{ vars.x }}{% endraw %}", "{{ vars.x }}"),
        ("{{ vars.x }}{# note #}!", "7!"),
        ("✅ {{ vars.x }} é", "✅ 7 é"),
        ("a\r\n{{ vars.x }}\r\n\r\n", "a\r\n7\r\n\r\n"),
    ],
)
def test_other_strings_give_text(source: str, expected: str) -> None:
    assert rendered(source, vars={"x": 7}) == expected


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (1.5, "1.5"),
        (10**18, "1000000000000000000"),
        ({"a": [1, "é"]}, '{"a": [1, "é"]}'),
        ([], "[]"),
    ],
)
def test_values_inside_text_are_written_as_json(value: Any, written: str) -> None:
    assert rendered("<{{ vars.x }}>", vars={"x": value}) == f"<{written}>"


@pytest.mark.parametrize("raw", [None, 5, 1.5, True, "plain", "100% {done}", "{ {", "}}", [1, {"a": "b"}], {}])
def test_what_has_no_template_stays_as_it_is(raw: Any) -> None:
    assert rendered(raw) == raw


def test_templates_at_any_depth_and_keys_are_literal() -> None:
    raw = {"{{ vars.x }}": [{"deep": ["{{ vars.x }}", "n={{ vars.x }}", 3, None]}]}
    assert rendered(raw, vars={"x": 1}) == {"{{ vars.x }}": [{"deep": [1, "n=1", 3, None]}]}


def test_the_order_of_keys_is_kept() -> None:
    assert list(rendered({"b": "{{ 1 }}", "a": 2, "c": "{{ 3 }}"})) == ["b", "a", "c"]


def test_a_result_is_never_rendered_again() -> None:
    trap = "{{ system.identity }}{% for x in y %}"
    assert rendered("{{ parameters.p }}", parameters={"p": trap}) == trap
    assert rendered("<{{ parameters.p }}>", parameters={"p": trap}) == f"<{trap}>"
    assert rendered({"a": ["{{ vars.p ~ vars.q }}"]}, vars={"p": "{{ 1", "q": " }}"}) == {"a": ["{{ 1 }}"]}


def test_a_literal_is_not_a_template() -> None:
    assert literal("{{ vars.x }}").render(Scope()) == "{{ vars.x }}"


def test_changing_a_rendered_value_does_not_change_the_next_one() -> None:
    for raw in ({"a": {"b": [1]}}, {"a": {"b": [1]}, "t": "{{ vars.x }}"}):
        value = compile_value(raw)
        value.render(Scope(vars={"x": 1}))["a"]["b"].append(2)
        assert value.render(Scope(vars={"x": 1}))["a"]["b"] == [1]


def test_the_source_is_kept() -> None:
    raw = {"a": ["{{ vars.x }}"]}
    assert compile_value(raw).source == raw
    assert compile_value("{{ vars.x }}").source == "{{ vars.x }}"


def test_one_compiled_value_serves_many_scopes() -> None:
    value = compile_value("{{ vars.x }}")
    assert [value.render(Scope(vars={"x": x})) for x in (1, "b", None)] == [1, "b", None]
