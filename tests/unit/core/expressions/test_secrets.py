"""A secret passes through a template unopened, and can be read nowhere in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attune_core.expressions.render import ExpressionError
from attune_core.expressions.secrets import Secret, from_json
from tests.unit.core.expressions.rendering import failure, rendered

OPEN = {"k": "p@ss/wörd", "other": "2"}


def with_secrets(source: Any) -> Any:
    return rendered(source, secret=Secret.of, vars={"l": [1]}, parameters={"user": "ada"})


@pytest.mark.parametrize(
    ("source", "opened"),
    [
        ("{{ kv.get_secret('k') }}", "p@ss/wörd"),
        ("Bearer {{ kv.get_secret('k') }}", "Bearer p@ss/wörd"),
        ("{{ parameters.user ~ ':' ~ kv.get_secret('k') }}", "ada:p@ss/wörd"),
        ("{{ kv.get_secret('k') ~ kv.get_secret('other') }}", "p@ss/wörd2"),
        ("{{ kv.get_secret('k') | prepend('<') | append('>') }}", "<p@ss/wörd>"),
        ("{{ kv.get_secret('k') | b64encode }}", "cEBzcy93w7ZyZA=="),
        ("{{ kv.get_secret('k') | urlencode }}", "p%40ss/w%C3%B6rd"),
        ("Basic {{ (parameters.user ~ ':' ~ kv.get_secret('other')) | b64encode }}", "Basic YWRhOjI="),
        ("{{ kv.get_secret('k') | default('x') }}", "p@ss/wörd"),
        ("{{ kv.get_secret('k') | default('x', true) }}", "p@ss/wörd"),
        ("{% for x in vars.l %}{{ x }}={{ kv.get_secret('other') }}{% endfor %}", "1=2"),
        ("{{ [kv.get_secret('k')] | first }}", "p@ss/wörd"),
        ("{{ kv.get_secret('k') if vars.l else '' }}", "p@ss/wörd"),
    ],
)
def test_a_secret_is_passed_on_joined_and_encoded(source: str, opened: str) -> None:
    secret = with_secrets(source)
    assert isinstance(secret, Secret)
    assert secret.open(OPEN.__getitem__) == opened
    assert from_json(json.loads(json.dumps(secret.to_json()))) == secret
    for shown in (repr(secret), str(secret), f"{secret}"):
        assert shown == "Secret(********)"


def test_the_keys_of_a_secret() -> None:
    assert with_secrets("{{ (kv.get_secret('k') ~ 'x') | b64encode }}{{ kv.get_secret('other') }}").keys == {
        "k",
        "other",
    }


def test_a_secret_stands_where_its_template_stood() -> None:
    given = with_secrets({"headers": {"auth": "Bearer {{ kv.get_secret('k') }}"}, "l": ["{{ kv.get_secret('k') }}", 1]})
    assert isinstance(given["headers"]["auth"], Secret)
    assert given["l"] == [Secret.of("k"), 1]


@pytest.mark.parametrize(
    "expression",
    [
        "S == 'x'",
        "S != S",
        "S < 'x'",
        "S in ['x']",
        "'x' in S",
        "S is in ['x']",
        "S is string",
        "S is none",
        "S + 'x'",
        "S[0]",
        "S[0:1]",
        "S.key",
        "S | length",
        "S | upper",
        "S | string",
        "S | sha256",
        "S | to_json",
        "[S] | to_json",
        "{'a': [S]} | to_yaml",
        "[S] | join",
        "[S] ~ 'x'",
        "'a' | replace('a', S)",
        "'a' | regex_replace('a', S)",
        "S | regex_match('a')",
        "S | list",
        "[S] | map('string')",
        "[S] | map('upper')",
        "[S] | select('string')",
        "[S] | select",
        "[S, S] | sort",
        "not S",
        "S and 1",
        "1 if S else 2",
        "'a' | default(1, S)",
        "S * 2",
        "-S",
        "S | int",
        "S | from_json",
        "{S: 1}",
        "range(S)",
        "kv.get(S)",
        "vars.l[S]",
    ],
)
def test_a_secret_is_not_read(expression: str) -> None:
    source = "{{ " + expression.replace("S", "kv.get_secret('k')") + " }}"
    error = failure(source, secret=Secret.of, vars={"l": [1]})
    assert error.code in ("secret_use", "wrong_type", "wrong_value", "undefined_name", "number_too_big")


@pytest.mark.parametrize(
    "source", ["{% if kv.get_secret('k') %}a{% endif %}", "{% for c in kv.get_secret('k') %}{{ c }}{% endfor %}"]
)
def test_a_secret_does_not_decide(source: str) -> None:
    assert failure(source, secret=Secret.of).code == "secret_use"


def test_without_a_source_secrets_are_forbidden() -> None:
    error = failure("{{ kv.get_secret('team.key') }}")
    assert error.code == "forbidden_secret"
    assert "kv.get_secret('team.key')" in error.message


def test_a_refusal_of_the_source_comes_out_and_is_not_caught() -> None:
    def refuse(key: str) -> Secret:
        raise ExpressionError(f"{key} belongs to another team", code="forbidden_secret")

    for source in ("{{ kv.get_secret('k') }}", "{{ kv.get_secret('k') | default('x') }}"):
        assert failure(source, secret=refuse).code == "forbidden_secret"
