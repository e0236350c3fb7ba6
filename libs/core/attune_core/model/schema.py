"""JSON Schema 2020-12 as the rest of Attune uses it: normalise, validate, fill in defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.model.parameters import normalise_parameters
from attune_core.model.validators import Path, Schema, SchemaError, violations

__all__ = ["Schema", "SchemaError", "apply_defaults", "normalise_parameters", "path_text", "validate"]


def validate(schema: Mapping[str, Any] | None, value: Any) -> list[tuple[str, str]]:
    """`[(path, message)]` of what the schema refuses; the path is like `hosts[2].name`, empty for the top.

    None accepts everything. Values of parameters marked `secret: true` never appear in a message.
    Errors: SchemaError when the schema itself cannot be used.
    """
    if schema is None:
        return []
    return [(path_text(found.path), found.message) for found in violations(dict(schema), value)]


def apply_defaults(schema: Mapping[str, Any] | None, value: Any) -> Any:
    """A copy of the value with the schema's defaults where a property is absent, at any depth."""
    if schema is None:
        return value
    if isinstance(value, Mapping):
        return _fill_object(schema, value)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, Mapping):
        return [apply_defaults(items, entry) for entry in value]
    return value


def _fill_object(schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(value)
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return filled
    for name, part in properties.items():
        if not isinstance(part, Mapping):
            continue
        if name in filled:
            filled[name] = apply_defaults(part, filled[name])
        elif "default" in part:
            filled[name] = apply_defaults(part, part["default"])
    return filled


def path_text(path: Path) -> str:
    """`("hosts", 2, "name")` is `hosts[2].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
