"""Every filter, by example. A filter without an example fails the last test."""

from __future__ import annotations

import re
from typing import Any

import pytest

from attune_core.expressions.filters import FILTERS
from attune_core.expressions.selections import SELECTIONS
from tests.unit.core.expressions.rendering import evaluated, failure, refusal

HOSTS = [
    {"name": "b", "on": True, "port": 2, "tags": {"env": "prod"}},
    {"name": "a", "on": False, "port": 1, "tags": {"env": "test"}},
    {"name": "C", "on": True, "port": 3},
]

EXAMPLES: list[tuple[str, Any]] = [
    ("'aB' | upper", "AB"),
    ("'aB' | lower", "ab"),
    ("5 | upper", "5"),
    ("'aB c' | capitalize", "Ab c"),
    ('"it\'s a-b (c)" | title', "It's A-B (C)"),
    ("' a ' | trim", "a"),
    ("'xxaxx' | trim('x')", "a"),
    ("1.5 | string", "1.5"),
    ("none | string", "null"),
    ("[1] | string", "[1]"),
    ("'aXbX' | replace('X', '-')", "a-b-"),
    ("'aXbX' | replace('X', '-', 1)", "a-bX"),
    ("'ab' | replace('', '.')", ".a.b."),
    ("'a b  c' | split", ["a", "b", "c"]),
    ("'a,b,c' | split(',', 1)", ["a", "b,c"]),
    ("'a\\nb' | lines", ["a", "b"]),
    ("'a\\nb' | splitlines", ["a", "b"]),
    ("'hello wide world' | truncate(11, leeway=0)", "hello..."),
    ("'hello wide world' | truncate(11, true, '', 0)", "hello wide "),
    ("'short' | truncate(3)", "short"),
    ("'a b c' | wordcount", 3),
    ("'a\\nb\\n\\nc' | indent(2)", "a\n  b\n\n  c"),
    ("'a\\nb' | indent('> ', first=true)", "> a\n> b"),
    ("'/base' | append('/logs')", "/base/logs"),
    ("[1] | append(2)", [1, 2]),
    ("'host' | prepend('https://')", "https://host"),
    ("5 | prepend('n')", "n5"),
    ("[1] | prepend(0)", [0, 1]),
    ("-2.5 | abs", 2.5),
    ("2.567 | round(2)", 2.57),
    ("2.1 | round(method='ceil')", 3.0),
    ("2.19 | round(1, 'floor')", 2.1),
    ("'12' | int", 12),
    ("'12.7' | int", 12),
    ("'x' | int", 0),
    ("'x' | int(5)", 5),
    ("'ff' | int(base=16)", 255),
    ("none | int(default=3)", 3),
    ("true | int", 1),
    ("'1.5' | float", 1.5),
    ("'nan' | float", 0.0),
    ("'x' | float(2.5)", 2.5),
    ("[1, 2, 3] | sum", 6),
    ("vars.hosts | sum(attribute='port')", 6),
    ("[1] | sum(start=10)", 11),
    ("'abc' | length", 3),
    ("{'a': 1} | count", 1),
    ("[1, 2] | first", 1),
    ("[1, 2] | last", 2),
    ("[] | first | default('none')", "none"),
    ("{'k': 1} | first", "k"),
    ("'ab' | list", ["a", "b"]),
    ("{'a': 1} | list", ["a"]),
    ("'ab' | reverse", "ba"),
    ("[1, 2] | reverse", [2, 1]),
    ("[1, 'a', none] | join('-')", "1-a-null"),
    ("vars.hosts | join(',', attribute='name')", "b,a,C"),
    ("[2, 1] | sort", [1, 2]),
    ("['b', 'A', 'c'] | sort", ["A", "b", "c"]),
    ("['b', 'A'] | sort(case_sensitive=true, reverse=true)", ["b", "A"]),
    ("vars.hosts | sort(attribute='port') | map(attribute='port')", [1, 2, 3]),
    ("[1, 1.0, 'a', 'A', [1], [1]] | unique", [1, "a", [1]]),
    ("vars.hosts | unique(attribute='on') | length", 2),
    ("[3, 1, 2] | min", 1),
    ("[3, 1, 2] | max", 3),
    ("(vars.hosts | max(attribute='port')).name", "C"),
    ("[1, 2, 3] | batch(2)", [[1, 2], [3]]),
    ("[1, 2, 3] | batch(size=2, fill_with=0)", [[1, 2], [3, 0]]),
    ("vars.hosts | filter(on=true) | map(attribute='name')", ["b", "C"]),
    ("vars.hosts | filter(on=true, name='C') | length", 1),
    ("vars.hosts | filter(nope=1)", []),
    ("vars.hosts | groupby('on') | map(attribute='list') | map('length')", [1, 2]),
    ("vars.hosts | groupby('tags.env', default='none') | map(attribute='grouper')", ["none", "prod", "test"]),
    ("{'b': 1, 'a': 2} | keys", ["b", "a"]),
    ("{'b': 1, 'a': 2} | values", [1, 2]),
    ("{'b': 1} | items", [["b", 1]]),
    ("{'b': 1, 'a': 2} | dictsort", [["a", 2], ["b", 1]]),
    ("{'b': 1, 'a': 2} | dictsort(by='value', reverse=true)", [["a", 2], ["b", 1]]),
    ("{'a': 1, 'b': {'c': 1}} | merge({'b': {'d': 2}})", {"a": 1, "b": {"d": 2}}),
    ("{'b': {'c': 1}} | merge({'b': {'d': 2}}, {'e': 1}, recursive=true)", {"b": {"c": 1, "d": 2}, "e": 1}),
    ("[1, [2, [3, []]]] | flatten", [1, 2, 3]),
    ("[1, [2, [3]]] | flatten(1)", [1, 2, [3]]),
    ("[1, 2, 3] | zip(['a', 'b'])", [[1, "a"], [2, "b"]]),
    ("vars.hosts | json_path('[0].tags.env')", "prod"),
    ("vars.hosts | json_path('$[*].tags.env')", ["prod", "test"]),
    ("vars.hosts | json_path(\"[0]['name']\")", "b"),
    ("{'a': {'x': 1, 'y': 2}} | json_path('a.*')", [1, 2]),
    ("{'a': 1} | json_path('b.c', default=7)", 7),
    ("{'a': 1} | json_path('b') | default(8)", 8),
    ("'[1, {\"a\": null}]' | from_json", [1, {"a": None}]),
    ("{'a': [1, true, none, 'é']} | to_json", '{"a": [1, true, null, "é"]}'),
    ("[1] | tojson(indent=1)", "[\n 1\n]"),
    ("'a: [1, no, 1.5, ~, \"1\"]' | from_yaml", {"a": [1, "no", 1.5, None, "1"]}),
    ("'' | from_yaml", None),
    ("{'a': [1, 'x'], 'b': none} | to_yaml", "a:\n- 1\n- x\nb: null\n"),
    ("'é' | b64encode", "w6k="),
    ("'w6k=' | b64decode", "é"),
    ("'a b/ü' | urlencode", "a%20b/%C3%BC"),
    ("{'a': 1, 'b': 'x/y'} | urlencode", "a=1&b=x%2Fy"),
    ("[['a', 'b c']] | urlencode", "a=b%20c"),
    ("'abc' | sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("'v1.2' | regex_match('v\\\\d')", True),
    ("'xv1' | regex_match('v\\\\d')", False),
    ("'XV1' | regex_search('v\\\\d', ignorecase=true)", "V1"),
    ("'a=1' | regex_search('(\\\\w)=(\\\\d)', group=2)", "1"),
    ("'a=1' | regex_search('(?P<k>\\\\w)=', group='k')", "a"),
    ("'abc' | regex_search('z')", None),
    ("'a1b22' | regex_replace('\\\\d+', '#')", "a#b#"),
    ("'a1b22' | regex_replace('\\\\d+', '#', count=1)", "a#b22"),
    ("'john smith' | regex_replace('(\\\\w+) (?P<last>\\\\w+)', '\\\\g<last> \\\\1')", "smith john"),
    ("'é1é' | regex_replace('é', 'e')", "e1e"),
    ("'abc' | regex_replace('', '-')", "-a-b-c-"),
    ("'abc' | regex_replace('(b)|z', '[\\\\1\\\\g<1>]')", "a[bb]c"),
    ("'abc' | regex_replace('b', '\\\\\\\\')", "a\\c"),
    ("'a\\nb' | regex_replace('^', '> ', multiline=true)", "> a\n> b"),
    ("vars.hosts | map(attribute='tags.env', default='?')", ["prod", "test", "?"]),
    ("['a', 'b'] | map('upper')", ["A", "B"]),
    ("['a'] | map('replace', 'a', 'b')", ["b"]),
    ("[[1, 2]] | map('join', d='+')", ["1+2"]),
    ("[0, 1, '', 'a'] | select", [1, "a"]),
    ("[1, 2, 3] | select('odd')", [1, 3]),
    ("[1, 2, 3] | select('gt', 1)", [2, 3]),
    ("[1, 2, 3] | reject('in', [1])", [2, 3]),
    ("vars.hosts | selectattr('on') | map(attribute='name')", ["b", "C"]),
    ("vars.hosts | selectattr('port', '>=', 2) | map(attribute='name')", ["b", "C"]),
    ("vars.hosts | selectattr('tags.env', 'equalto', 'prod') | map(attribute='name')", ["b"]),
    ("vars.hosts | selectattr('tags', 'defined') | map(attribute='name')", ["b", "a"]),
    ("vars.hosts | rejectattr('tags', 'defined') | map(attribute='name')", ["C"]),
    ("vars.hosts | rejectattr('on') | map(attribute='name')", ["a"]),
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES)
def test_filters(expression: str, expected: Any) -> None:
    given = evaluated(expression, hosts=HOSTS)
    assert given == expected
    assert type(given) is type(expected)


def test_every_filter_has_an_example() -> None:
    shown = {name for expression, _ in EXAMPLES for name in re.findall(r"\|\s*(\w+)", expression)}
    assert not {*FILTERS, *SELECTIONS} - shown


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("[1] | upper", "wrong_type"),
        ("5 | length", "wrong_type"),
        ("none | first", "wrong_type"),
        ("[] | first", "undefined_name"),
        ("[] | max", "undefined_name"),
        ("[2 ** 64]", "number_too_big"),
        ("'[18446744073709551616]' | from_json", "number_too_big"),
        ("'a' | keys", "wrong_type"),
        ("[1] | items", "wrong_type"),
        ("['a', 1] | sort", "wrong_value"),
        ("['a'] | sum", "wrong_type"),
        ("'a' | abs", "wrong_type"),
        ("'a' | split('')", "wrong_value"),
        ("[1] | batch(0)", "wrong_value"),
        ("[1] | batch('x')", "wrong_type"),
        ("'{' | from_json", "wrong_value"),
        ("'NaN' | from_json", "wrong_value"),
        ("'1e999' | from_json", "number_too_big"),
        ("'\"\\\\ud800\"' | from_json", "wrong_value"),
        ("'\"\\\\u0000\"' | from_json", "wrong_value"),
        ("5 | from_json", "wrong_type"),
        ("'a: [' | from_yaml", "wrong_value"),
        ("'a: 1\\na: 2' | from_yaml", "wrong_value"),
        ("'a: &x 1\\nb: *x' | from_yaml", "wrong_value"),
        ("'!!python/object/apply:os.system [id]' | from_yaml", "wrong_value"),
        ("'1\\n---\\n2' | from_yaml", "wrong_value"),
        ("'{[1]: 2}' | from_yaml", "wrong_value"),
        ("'99999999999999999999' | from_yaml", "number_too_big"),
        ("'***' | b64decode", "wrong_value"),
        ("'/w==' | b64decode", "wrong_value"),
        ("'AA==' | b64decode", "wrong_value"),
        ("'a' | regex_match('(')", "wrong_pattern"),
        ("'a' | regex_match('(?=a)')", "wrong_pattern"),
        ("'a' | regex_search('a', group=3)", "wrong_value"),
        ("'a' | regex_replace('a', '\\\\2')", "wrong_value"),
        ("{} | json_path('a[')", "wrong_value"),
        ("{} | json_path('a')", "undefined_name"),
        ("[{}] | map(attribute='a')", "undefined_name"),
        ("[{'__class__': 1}] | map(attribute='__class__')", "forbidden_expression"),
        ("[1, 2] | zip(3)", "wrong_type"),
        ("{} | merge([1])", "wrong_type"),
    ],
)
def test_what_a_filter_refuses(expression: str, code: str) -> None:
    error = failure("{{ " + expression + " }}")
    assert error.code == code
    assert "in `{{" in error.message


@pytest.mark.parametrize(
    ("expression", "code", "hint"),
    [
        ("'a' | uper", "unknown_filter", "did you mean `upper`?"),
        ("'a' | selectatr('x')", "unknown_filter", "did you mean `selectattr`?"),
        ("'a' | attr('__class__')", "unknown_filter", ""),
        ("'a' | format(1)", "unknown_filter", ""),
        ("[1] | random", "unknown_filter", ""),
        ("'a' | upper(1)", "wrong_arguments", ""),
        ("'a' | replace('a')", "wrong_arguments", ""),
        ("'a' | append", "wrong_arguments", ""),
        ("[1] | batch(length=2)", "wrong_arguments", ""),
        ("[1] | default(1, 2, 3)", "wrong_arguments", ""),
        ("[1] | map", "wrong_arguments", "map(attribute='name')"),
        ("[1] | map('uper')", "unknown_filter", "did you mean `upper`?"),
        ("[1] | map(vars.x)", "forbidden_expression", "write it in quotes"),
        ("[1] | select('evn')", "unknown_test", "did you mean `even`?"),
        ("[1] | selectattr", "wrong_arguments", ""),
        ("1 is evn", "unknown_test", "did you mean `even`?"),
        ("1 is divisibleby", "wrong_arguments", ""),
        ("[1] | join(*vars.x)", "forbidden_expression", ""),
        ("[1] | join(**vars.x)", "forbidden_expression", ""),
    ],
)
def test_refused_when_compiling(expression: str, code: str, hint: str) -> None:
    error = refusal("{{ " + expression + " }}")
    assert error.code == code
    assert hint in error.hint


def test_filters_do_not_change_what_they_are_given() -> None:
    data = {"l": [3, 1, 2], "m": {"a": {"b": 1}}}
    for expression in ("vars.l | sort", "vars.l | append(4)", "vars.l | reverse", "vars.l | flatten"):
        evaluated(expression, **data)
    evaluated("vars.m | merge({'a': {'c': 1}}, recursive=true)", **data)
    assert data == {"l": [3, 1, 2], "m": {"a": {"b": 1}}}
