"""Values that a schema marks `secret: true` are shown as stars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "********"


def masked(schema: Mapping[str, Any] | None, value: Any) -> Any:
    """The same value with every secret part replaced."""
    if not schema or value is None:
        return value
    if schema.get("secret") is True:
        return MASK
    properties = schema.get("properties")
    if isinstance(value, dict) and isinstance(properties, Mapping):
        return {key: masked(_schema(properties.get(key)), member) for key, member in value.items()}
    if isinstance(value, list):
        return [masked(_schema(schema.get("items")), member) for member in value]
    return value


def _schema(candidate: Any) -> Mapping[str, Any] | None:
    return candidate if isinstance(candidate, Mapping) else None
