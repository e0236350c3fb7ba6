"""Values of every shape, to be put under every key."""

from __future__ import annotations

from typing import Any

import yaml

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    3,
    -1,
    2.5,
    3.0,
    1e12,
    "",
    "text",
    "b",
    "p.x",
    "1.2.3",
    "action",
    "true",
    "{{ parameters.x }}",
    "a {{ parameters.x }}",
    "{% if true %}x{% endif %}",
    [],
    ["b"],
    ["b", "b"],
    ["b", 5],
    [{"x": 1}],
    [{"x": 1, "y": 2}],
    [{"name": "z"}],
    [{"path": "event.payload.x", "value": 1}],
    {},
    {"x": 1},
    {"x": "y"},
    {"x": {"type": "string"}},
    {"x": {"typ": "string"}},
    {"1 x": {"type": "string"}},
    {"type": "object", "properties": {"x": {"type": "integer"}}},
    {"type": "text"},
    {"path": "event.payload.x", "value": 1},
]


def as_yaml(value: Any) -> bytes:
    return yaml.safe_dump(value, sort_keys=False).encode()
