"""`if`, `for` and `set` in text."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from tests.unit.core.expressions.rendering import failure, refusal, rendered

VARS = {"l": [1, 2, 3], "m": {"a": 1, "b": 2}, "yes": True, "no": False, "pairs": [[1, "x"], [2, "y"]]}

AGREED = [
    "{% if vars.yes %}a{% endif %}",
    "{% if vars.no %}a{% elif vars.yes %}b{% else %}c{% endif %}",
    "{% if vars.no %}a{% elif vars.no %}b{% else %}c{% endif %}",
    "{% for x in vars.l %}{{ x }},{% endfor %}",
    "{% for x in [] %}a{% else %}none{% endfor %}",
    "{% for x in vars.l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
    "{% for x in vars.l if x > 5 %}a{% else %}none{% endfor %}",
    "{% for a, b in vars.pairs %}{{ a }}{{ b }}{% endfor %}",
    "{% for k, v in vars.m | items %}{{ k }}{{ v }}{% endfor %}",
    "{% for k in vars.m %}{{ k }}{% endfor %}",
    "{% for x in vars.l %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{% endfor %}",
    "{% for x in vars.l %}{{ '[' if loop.first }}{{ x }}{{ ']' if loop.last else ',' }}{% endfor %}",
    "{% for x in vars.l %}{% for y in vars.l %}{{ x * y }} {% endfor %}{{ loop.index }};{% endfor %}",
    "{% set x = 1 %}{% for y in vars.l %}{% set x = y %}{{ x }}{% endfor %}{{ x }}",
    "{% set x = 1 %}{% if vars.yes %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% set x = 1 %}{% if vars.no %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% set a, b = [1, 2] %}{{ b }}{{ a }}",
    "{% set x = vars.l %}{{ x[0] }}{{ x[-1] }}",
    "{% for vars in [1, 2] %}{{ vars }}{% endfor %}{{ vars.l[0] }}",
    "{% for x in vars.l %}{% if loop.previtem is defined and loop.previtem %}<{% endif %}{{ x }}{% endfor %}",
    "a{%- if vars.yes -%} b {%- endif -%} c",
    "line\n{% for x in vars.l %}\n- {{ x }}\n{% endfor %}\nend",
    "{% for g, xs in [{'a': 1}, {'a': 2}, {'a': 1}] | groupby('a') %}{{ g }}:{{ xs | length }} {% endfor %}",
    "{{ 'x' if vars.no }}|",
]


@pytest.mark.parametrize("template", AGREED)
def test_the_same_as_plain_jinja(template: str) -> None:
    plain = Environment(keep_trailing_newline=True).from_string(template)
    assert rendered(template, vars=VARS) == plain.render(vars=VARS)


def test_a_name_set_in_a_branch_not_taken_says_so() -> None:
    error = failure("{% if vars.no %}{% set x = 1 %}{% endif %}{{ x }}", vars=VARS)
    assert error.code == "undefined_name"
    assert "branch" in error.message


def test_a_set_inside_a_loop_is_gone_in_the_next_pass() -> None:
    template = "{% for x in vars.l %}{% if x == 1 %}{% set y = x %}{% endif %}{{ y is defined }} {% endfor %}"
    assert rendered(template, vars=VARS) == "true false false "


@pytest.mark.parametrize("template", ["{% for x in vars.n %}a{% endfor %}", "{% for x in 5 %}a{% endfor %}"])
def test_only_lists_maps_and_text_are_looped_over(template: str) -> None:
    assert failure(template, vars={"n": None}).code == "wrong_type"


@pytest.mark.parametrize(
    "template",
    ["{% for a, b in vars.l %}x{% endfor %}", "{% set a, b = [1] %}", "{% for a, b in [vars.m] %}x{% endfor %}"],
)
def test_what_cannot_be_taken_apart(template: str) -> None:
    assert failure(template, vars=VARS).code in ("wrong_type", "wrong_value")


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("a\n{{ vars.nope }}", 2),
        ("a\nb {{ vars.l }}\n\n{{ 1 / 0 }}", 4),
        ("{% if true %}\n{% for x in vars.l %}\n{{ x.y }}\n{% endfor %}{% endif %}", 3),
        ("a\n{% for x in vars.nope %}{% endfor %}", 2),
        ("a\n\n{% if vars.nope %}{% endif %}", 3),
    ],
)
def test_a_failure_while_rendering_names_its_line(template: str, line: int) -> None:
    assert failure(template, vars=VARS).line == line


@pytest.mark.parametrize(
    ("template", "line", "code"),
    [
        ("a\n{{ nope }}", 2, "unknown_name"),
        ("a\n\n{{ 1 | nope }}", 3, "unknown_filter"),
        ("{{ 1\n+ }}", 2, "template_syntax"),
        ("{% if 1 %}\n{% endfor %}", 2, "template_syntax"),
        ("{{ vars.a }}\n{% include 'x' %}", 2, "forbidden_expression"),
    ],
)
def test_a_refusal_names_its_line(template: str, line: int, code: str) -> None:
    error = refusal(template)
    assert (error.line, error.code) == (line, code)


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("{{ vars.a", ""),
        ("{% if vars.a %}x", ""),
        ("{% switch x %}", "the tags are"),
        ("{{ a && b }}", ""),
        ("${#list[@]} {{ vars.a }}", "{{ '{#' }}"),
        ("{{ }}", ""),
        ("{{ vars..a }}", ""),
        ("{{ 'open }}", ""),
    ],
)
def test_syntax_errors(template: str, hint: str) -> None:
    error = refusal(template)
    assert error.code == "template_syntax"
    assert hint in error.hint
    assert error.message[0].isupper()
