"""The two notations of parameters and outputs: the flat one and JSON Schema. Both become JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TYPES: Final = ("string", "integer", "number", "boolean", "object", "array", "null")
KEYWORDS: Final = frozenset(
    {
        "$defs",
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "contains",
        "contentEncoding",
        "contentMediaType",
        "default",
        "definitions",
        "dependentRequired",
        "dependentSchemas",
        "deprecated",
        "description",
        "else",
        "enum",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "if",
        "items",
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minContains",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "readOnly",
        "required",
        "secret",
        "then",
        "title",
        "type",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
        "writeOnly",
    }
)
_ONE: Final = frozenset(
    {
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS: Final = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})


def is_flat(raw: Mapping[str, Any]) -> bool:
    """Whether it is `name: {type, ...}` and not a JSON Schema."""
    if isinstance(raw.get("type"), str | list) or any(key.startswith("$") for key in raw):
        return False
    is_schema = bool(raw) and all(key in KEYWORDS for key in raw)
    return not (is_schema and isinstance(raw.get("properties"), Mapping))


def normalise_parameters(raw: Mapping[str, Any] | None, *, closed: bool = True) -> dict[str, Any] | None:
    """JSON Schema 2020-12 of either notation; None stays None (nothing is declared, everything is accepted).

    The flat form gives an object; `closed`: one that allows no further properties. What takes input is closed,
    what describes results and payloads is not.
    """
    if raw is None:
        return None
    if not is_flat(raw):
        schema: dict[str, Any] = _modern(raw)
        schema.pop("$schema", None)
        return schema
    flat = _modern({"properties": raw})
    return {
        "type": "object",
        "properties": flat["properties"],
        **({"required": flat["required"]} if "required" in flat else {}),
        **({"additionalProperties": False} if closed else {}),
    }


def subschemas(schema: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], Any]]:
    """The schemas directly inside a schema, with their paths."""
    found: list[tuple[tuple[str | int, ...], Any]] = []
    for key, value in schema.items():
        if key in _ONE:
            found.append(((key,), value))
        elif key in _LISTS and isinstance(value, list):
            found += [((key, index), part) for index, part in enumerate(value)]
        elif key in _MAPS and isinstance(value, Mapping):
            found += [((key, name), part) for name, part in value.items()]
    return found


def _modern(raw: Any) -> Any:
    """A schema of any draft, or with `required: true` inside properties, in the words of 2020-12."""
    if not isinstance(raw, Mapping):
        return raw
    schema = {key: _modern_part(key, value) for key, value in raw.items()}
    _hoist_required(schema)
    _tuple_items(schema)
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(bound) is True and limit in schema:
            schema[bound] = schema.pop(limit)
        elif isinstance(schema.get(bound), bool):
            del schema[bound]
    return schema


def _modern_part(key: str, value: Any) -> Any:
    if (key in _LISTS and isinstance(value, list)) or (key == "items" and isinstance(value, list)):
        return [_modern(part) for part in value]
    if key in _MAPS and isinstance(value, Mapping):
        return {name: _modern(part) for name, part in value.items()}
    return _modern(value) if key in _ONE else value


def _hoist_required(schema: dict[str, Any]) -> None:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    required = schema.get("required", [])
    names = list(required) if isinstance(required, list) else []
    for name, part in properties.items():
        if isinstance(part, dict) and isinstance(part.get("required"), bool):
            properties[name] = {key: value for key, value in part.items() if key != "required"}
            if part["required"] and name not in names:
                names.append(name)
    if names and isinstance(required, list):
        schema["required"] = names


def _tuple_items(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        if "additionalItems" in schema:
            schema["items"] = _modern(schema.pop("additionalItems"))
