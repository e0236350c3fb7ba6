"""From tables of keys to JSON Schema 2020-12.

The parser takes a key without a value as absent, so optional keys may be null here too. What only the checker can
tell (names that exist, templates that compile) is left to it: a schema never refuses what the parser accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.model.keys import Keys, Shape

Json = dict[str, Any]


def object_of(keys: Keys, *, may_be_null: bool = True, **more: Any) -> Json:
    """A map with these keys and no others. `may_be_null`: optional keys without a value count as absent."""
    properties = {
        name: {**(_or_null(key.shape) if may_be_null and not key.required else key.shape), "description": key.about}
        for name, key in keys.items()
    }
    required = [name for name, key in keys.items() if key.required]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **more,
    }


def when(key: str, then: Json) -> Json:
    """What holds beside a key that has a value."""
    return {"if": {"required": [key], "properties": {key: {"not": {"type": "null"}}}}, "then": then}


def with_rules(table: Json, keys: Keys, *rules: Json) -> Json:
    """The map, with what its keys need beside them and with further rules."""
    needs = [when(name, {"required": list(key.needs)}) for name, key in keys.items() if key.needs]
    return {**table, "allOf": [*needs, *rules]}


def objects_of(tables: Mapping[str, Keys]) -> Json:
    return {name: object_of(keys) for name, keys in tables.items()}


def document(title: str, top: Json, parts: Json) -> Json:
    """A schema that stands alone, with those of the parts that it needs."""
    needed = _needed(top, parts)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **top,
        **({"$defs": {name: part for name, part in parts.items() if name in needed}} if needed else {}),
    }


def _needed(top: Json, parts: Json) -> set[str]:
    found: set[str] = set()
    agenda: list[Any] = [top]
    while agenda:
        value = agenda.pop()
        if isinstance(value, list):
            agenda += value
        elif isinstance(value, Mapping):
            name = str(value.get("$ref", "")).removeprefix("#/$defs/")
            if name in parts and name not in found:
                found.add(name)
                agenda.append(parts[name])
            agenda += value.values()
    return found


def _or_null(shape: Shape) -> Json:
    if not shape:
        return {}
    kind = shape.get("type")
    if kind is None:
        branches = shape.get("anyOf")
        return {"anyOf": [*(branches if branches is not None else [shape]), {"type": "null"}]}
    kinds = [kind] if isinstance(kind, str) else list(kind)
    listed = {"enum": [*shape["enum"], None]} if "enum" in shape else {}
    return {**shape, "type": kinds if "null" in kinds else [*kinds, "null"], **listed}
