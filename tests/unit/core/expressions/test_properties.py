"""Properties that hold for any data: what goes in comes out, and data is never a template."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from attune_core.expressions.render import ExpressionError, compile_condition, compile_value
from attune_core.expressions.scope import FactsMissing, Scope

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
JSON = st.recursive(SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4))
PIECES = [
    *("{{", "}}", "{%", "%}", "{#", "#}", " ", "\n", "\\", "-", "{", "}", "|", "(", ")", "[", "]", "'", '"', ",", "=="),
    *("if ", "endif", "else", "for i in vars.x", "endfor", "set a = ", "raw", "endraw", "is defined", "in ", "not "),
    *("vars.x", "item", "task.a.result", ".b", "kv.get(", "upper", "default(", "1", "0x", "1e999", "**", "~", "é"),
    "__class__",
]


def render(source: str, value: Any) -> Any:
    return compile_value(source).render(Scope(vars={"x": value}))


def attempt(work: Callable[[], Any]) -> None:
    """Do it, or be refused with a sentence. Anything else that is raised fails the test."""
    try:
        work()
    except (ExpressionError, FactsMissing) as refusal:
        if not str(refusal):
            raise AssertionError("refused without a word") from refusal


@given(JSON)
def test_any_json_passes_through_unchanged(value: Any) -> None:
    given_back = compile_value("{{ vars.x }}").render(Scope(vars={"x": value}))
    assert given_back == value
    assert type(given_back) is type(value)
    nested = compile_value({"a": ["{{ vars.x }}", 1]}).render(Scope(vars={"x": value}))
    assert nested == {"a": [value, 1]}


@given(TEXT, st.sampled_from(["{{ vars.x }}", "{% raw %}", "{% for", "{#", "}}", "{{ 1 / 0 }}"]))
def test_text_in_data_is_never_rendered(text: str, braces: str) -> None:
    data = braces + text + braces
    scope = Scope(vars={"x": data})
    assert compile_value("{{ vars.x }}").render(scope) == data
    assert compile_value("<{{ vars.x }}>").render(scope) == f"<{data}>"
    assert compile_value("{% if 1 %}{{ vars.x ~ '' }}{% endif %}").render(scope) == data
    assert compile_value({"k": "{{ [vars.x] }}"}).render(scope) == {"k": [data]}


@given(JSON)
def test_json_and_base64_come_back(value: Any) -> None:
    scope = Scope(vars={"x": value})
    assert compile_value("{{ vars.x | to_json | from_json }}").render(scope) == value
    assert compile_value("{{ vars.x | to_json | b64encode | b64decode | from_json }}").render(scope) == value
    if not isinstance(value, str):
        assert json.loads(compile_value("{{ vars.x }}{{ '' }}").render(scope)) == value


@given(JSON)
def test_a_condition_is_pythons_truth(value: Any) -> None:
    assert compile_condition("vars.x").test(Scope(vars={"x": value})) is bool(value)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES) | TEXT, max_size=20).map("".join), JSON)
def test_any_text_is_rendered_or_refused(source: str, value: Any) -> None:
    for prepared in (source, "{{ " + source + " }}"):
        attempt(partial(render, prepared, value))


@settings(max_examples=300)
@given(st.text("[]{}():,.|'\"0129eax-+*/%~<>=!& \n\\_", max_size=40), JSON)
def test_any_condition_is_tested_or_refused(source: str, value: Any) -> None:
    attempt(lambda: compile_condition(source).test(Scope(vars={"x": value})))


YAML_TEXT = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=20)
YAML = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | YAML_TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(YAML_TEXT, below, max_size=4),
)


@given(YAML)
@example("0E0")
@example(["0o7", 7, 0.5, "1e3", {"0x1": "+1"}])
def test_yaml_comes_back(value: Any) -> None:
    assert compile_value("{{ vars.x | to_yaml | from_yaml }}").render(Scope(vars={"x": value})) == value
