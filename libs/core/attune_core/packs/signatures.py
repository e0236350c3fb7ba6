"""The parameters of a Python action as its function declares them: read from the source, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

_TYPES: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "None": "null"}
_LISTS: Final = frozenset({"list", "List", "Sequence", "Iterable", "Collection", "tuple", "set", "frozenset"})
_MAPS: Final = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_CONTEXT: Final = "context"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def parameters_of(source: bytes, name: str = "") -> dict[str, Any] | None:
    """JSON Schema of the function `name`, else of the one under `@action`; None when there is none, or not one."""
    try:
        functions = [node for node in ast.parse(source).body if isinstance(node, _Function)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    wanted = [one for one in functions if (one.name == name if name else _is_action(one))]
    return _schema(wanted[0]) if len(wanted) == 1 else None


def _is_action(function: _Function) -> bool:
    return any(ast.unparse(decorator).rpartition(".")[2] == "action" for decorator in function.decorator_list)


def _schema(function: _Function) -> dict[str, Any]:
    found = {name: (annotation, default) for name, annotation, default in _arguments(function.args)}
    found.pop(_CONTEXT, None)
    properties = {name: _property(annotation, default) for name, (annotation, default) in found.items()}
    required = [name for name, (_, default) in found.items() if default is None]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": function.args.kwarg is not None,
    }


def _arguments(given: ast.arguments) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    plain = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    for argument, default in [*zip(plain, defaults, strict=True), *named]:
        yield argument.arg, argument.annotation, default


def _property(annotation: ast.expr | None, default: ast.expr | None) -> dict[str, Any]:
    schema = {} if annotation is None else _type(annotation)
    if default is None:
        return schema
    try:
        value = ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return schema
    if value is None:
        return _or_null(schema)
    return {**schema, "default": value} if isinstance(value, str | int | float | bool | list | dict) else schema


def _type(annotation: ast.expr) -> dict[str, Any]:
    """What is no plain type takes anything: the function decides."""
    match annotation:
        case ast.Constant(value=None):
            return {"type": "null"}
        case ast.Constant(value=str(text)):
            return _written(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _any_of([_type(left), _type(right)])
        case ast.Subscript(value=value, slice=inner):
            return _generic(_name(value), inner)
        case ast.Name() | ast.Attribute():
            return _plain(_name(annotation))
        case _:
            return {}


def _written(text: str) -> dict[str, Any]:
    """An annotation in quotes."""
    try:
        return _type(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError):
        return {}


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _plain(name: str) -> dict[str, Any]:
    if name in _TYPES:
        return {"type": _TYPES[name]}
    return {"type": "array"} if name in _LISTS else {"type": "object"} if name in _MAPS else {}


def _generic(name: str, inner: ast.expr) -> dict[str, Any]:
    parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
    if name == "Optional":
        return _or_null(_type(inner))
    if name == "Union":
        return _any_of([_type(part) for part in parts])
    if name == "Literal":
        return {"enum": [part.value for part in parts if isinstance(part, ast.Constant)]}
    if name == "Annotated":
        return _type(parts[0])
    if name in _LISTS and (name != "tuple" or len(parts) == 1):
        return {"type": "array", **({"items": items} if (items := _type(parts[0])) else {})}
    if name in _MAPS and len(parts) == 2:
        return {"type": "object", **({"additionalProperties": values} if (values := _type(parts[1])) else {})}
    return _plain(name)


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    if not all(schemas):
        return {}
    if all(set(schema) == {"type"} for schema in schemas):
        kinds = [kind for schema in schemas for kind in _kinds(schema)]
        return {"type": list(dict.fromkeys(kinds))}
    return {"anyOf": schemas}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if not schema or "null" in _kinds(schema) or {"type": "null"} in schema.get("anyOf", ()):
        return schema
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [*_kinds(schema), "null"]} if "type" in schema else {"anyOf": [schema, {"type": "null"}]}


def _kinds(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)
