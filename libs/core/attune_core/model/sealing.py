"""Which parts of a value its schema marks `secret: true`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]

_COMPOSED = ("allOf", "anyOf", "oneOf")
_BRANCHES = ("if", "then", "else", "not")


def secret_paths(schema: Mapping[str, Any] | None, value: Any) -> list[Path]:
    """The outermost places of the value that any part of the schema marks, whichever branch of it applies."""
    if not schema or value is None:
        return []
    found = sorted(set(_paths(schema, schema, value, (), set())), key=len)
    return [path for path in found if not any(path[: len(outer)] == outer for outer in found if len(outer) < len(path))]


def marks_secrets(schema: Any) -> bool:
    """Whether any part of the schema marks something. False: `secret_paths` finds nothing, whatever the value."""
    if isinstance(schema, Mapping):
        return schema.get("secret") is True or any(map(marks_secrets, schema.values()))
    return isinstance(schema, list) and any(map(marks_secrets, schema))


def replaced(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy in which `change` was applied to the part at `path`. Errors: LookupError when there is none."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, step: replaced(value[step], rest, change)}
    if isinstance(value, list) and isinstance(step, int):
        return [*value[:step], replaced(value[step], rest, change), *value[step + 1 :]]
    raise KeyError(step)


def put(value: Any, path: Path, part: Any) -> Any:
    """A copy with `part` at `path`. Errors: LookupError when there is no such place."""
    return replaced(value, path, lambda _: part)


def _paths(root: Mapping[str, Any], schema: Any, value: Any, path: Path, seen: set[tuple[int, Path]]) -> Iterator[Path]:
    """`seen`: which part of the schema was asked about which place, for schemas that refer to themselves."""
    if not isinstance(schema, Mapping) or value is None or (id(schema), path) in seen:
        return
    seen.add((id(schema), path))
    if schema.get("secret") is True:
        yield path
        return
    for part in _same_place(root, schema):
        yield from _paths(root, part, value, path, seen)
    if isinstance(value, Mapping):
        for name, member in value.items():
            for part in _of_property(schema, name):
                yield from _paths(root, part, member, (*path, name), seen)
    elif isinstance(value, list):
        for place, member in enumerate(value):
            for part in _of_item(schema, place):
                yield from _paths(root, part, member, (*path, place), seen)


def _same_place(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Any]:
    """Schemas that speak of the same value."""
    for key in _COMPOSED:
        parts = schema.get(key)
        yield from parts if isinstance(parts, list) else ()
    for key in _BRANCHES:
        if key in schema:
            yield schema[key]
    dependent = schema.get("dependentSchemas")
    yield from dependent.values() if isinstance(dependent, Mapping) else ()
    if isinstance(schema.get("$ref"), str):
        yield _referred(root, schema["$ref"])


def _referred(root: Mapping[str, Any], reference: str) -> Any:
    if not reference.startswith("#"):
        return None
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _of_property(schema: Mapping[str, Any], name: str) -> Iterator[Any]:
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and name in properties:
        yield properties[name]
    patterns = schema.get("patternProperties")
    yield from patterns.values() if isinstance(patterns, Mapping) else ()
    for key in ("additionalProperties", "unevaluatedProperties"):
        yield schema.get(key)


def _of_item(schema: Mapping[str, Any], place: int) -> Iterator[Any]:
    first = schema.get("prefixItems")
    if isinstance(first, list) and place < len(first):
        yield first[place]
    for key in ("items", "contains", "unevaluatedItems"):
        yield schema.get(key)
