"""What `group_by` makes of parameters."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.expressions.render import ExpressionError
from attune_core.expressions.secrets import Secret
from attune_core.policies.grouping import key_of


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (None, ""),
        ("{{ parameters.env }}", "prod"),
        ("{{ parameters.env }}/{{ parameters.n }}", "prod/3"),
        ("{{ parameters.n }}", "3"),
        ("{{ parameters.tags }}", '{"a":1,"b":2}'),
        ("{{ parameters.missing | default('none') }}", "none"),
    ],
)
def test_keys(template: str | None, expected: str) -> None:
    assert key_of(template, {"env": "prod", "n": 3, "tags": {"b": 2, "a": 1}}) == expected


def test_long_keys_are_shortened_and_stay_apart() -> None:
    keys = {key_of("{{ parameters.x }}", {"x": "y" * 1000 + end}) for end in "ab"}
    assert len(keys) == 2
    assert all(len(key) == 200 for key in keys)


@pytest.mark.parametrize(
    ("template", "parameters", "code"),
    [
        ("{{ parameters.env }}", {}, "undefined_name"),
        ("{{ vars.env }}", {"env": "x"}, "unknown_scope"),
        ("{{ kv.get('x') }}", {}, "unknown_scope"),
        ("{{ parameters.env }}", {"env": Secret.of("k")}, "forbidden_secret"),
    ],
)
def test_what_cannot_be_a_key(template: str, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        key_of(template, parameters)
    assert caught.value.code == code
