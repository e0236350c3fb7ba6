"""What a template reads is known without rendering it."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.expressions.references import NOTHING, References
from attune_core.expressions.render import compile_condition, compile_value, literal


def names(*values: str) -> frozenset[str]:
    return frozenset(values)


@pytest.mark.parametrize(
    ("expression", "reads"),
    [
        ("1 + 2", NOTHING),
        ("vars.a.b", References(vars=names("a"))),
        ("vars['a b']", References(vars=names("a b"))),
        ("vars[parameters.key]", References(parameters=names("key"))),
        ("vars", NOTHING),
        ("task.t.status", References(tasks=names("t"))),
        ("task['t'].error.type", References(tasks=names("t"))),
        ("task.t.result.x", References(tasks=names("t"), task_results=names("t"))),
        ("task.t['result']", References(tasks=names("t"), task_results=names("t"))),
        ("task.t.items", References(tasks=names("t"), task_results=names("t"))),
        ("task.t", References(tasks=names("t"), task_results=names("t"))),
        ("task.t[vars.k]", References(tasks=names("t"), task_results=names("t"), vars=names("k"))),
        ("task[vars.k].result", References(vars=names("k"))),
        ("succeeded('t') or failed()", References(tasks=names("t"))),
        ("kv.get('k', default=vars.d)", References(kv_keys=names("k"), vars=names("d"))),
        ("kv.get(vars.k)", References(vars=names("k"))),
        ("kv.get_secret('s')", References(secret_keys=names("s"))),
        ("item.x", References(uses_item=True)),
        ("index + 1", References(uses_item=True)),
        ("result.x", References(uses_result=True)),
        ("error.type", NOTHING),
        ("vars.a | default(parameters.b)", References(vars=names("a"), parameters=names("b"))),
        ("vars.a | map('replace', vars.b, 'x')", References(vars=names("a", "b"))),
        ("vars.a | selectattr('x', 'in', vars.b)", References(vars=names("a", "b"))),
        ("vars.a is divisibleby vars.b", References(vars=names("a", "b"))),
        ("[vars.a, {'k': vars.b}, vars.c[vars.d:]]", References(vars=names("a", "b", "c", "d"))),
        ("vars.a if vars.b else vars.c", References(vars=names("a", "b", "c"))),
    ],
)
def test_references_of_expressions(expression: str, reads: References) -> None:
    assert compile_value("{{ " + expression + " }}").reads == reads
    assert compile_condition(expression).reads == reads
    assert compile_value({"a": ["x {{ " + expression + " }}"]}).reads == reads


@pytest.mark.parametrize(
    ("template", "reads"),
    [
        ("{% for item in vars.l %}{{ item }}{{ index }}{% endfor %}", References(vars=names("l"), uses_item=True)),
        ("{% for item in vars.l %}{{ item }}{% endfor %}", References(vars=names("l"))),
        ("{% set result = vars.x %}{{ result }}", References(vars=names("x"))),
        ("{% if vars.a %}{% set item = 1 %}{% endif %}{{ item }}", References(vars=names("a"), uses_item=True)),
        ("{% for vars in parameters.l %}{{ vars.x }}{% endfor %}", References(parameters=names("l"))),
        ("{% for x in [1] if vars.t %}a{% else %}{{ vars.e }}{% endfor %}", References(vars=names("t", "e"))),
        ("{% if a is defined %}{% endif %}", None),
    ],
)
def test_local_names_are_not_references(template: str, reads: References | None) -> None:
    if reads is not None:
        assert compile_value(template).reads == reads


def test_the_references_of_a_tree_are_those_of_its_parts() -> None:
    raw: Any = {"a": "{{ vars.a }}", "b": ["{{ item }}", {"c": "{{ task.t.result }}"}]}
    assert compile_value(raw).reads == References(
        tasks=names("t"), task_results=names("t"), vars=names("a"), uses_item=True
    )


def test_what_has_no_template_reads_nothing() -> None:
    assert compile_value({"a": 1}).reads == NOTHING
    assert literal("{{ vars.x }}").reads == NOTHING
    assert compile_condition(True).reads == NOTHING
