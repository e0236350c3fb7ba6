"""Asking at the terminal for what a schema wants: field by field, each cast and checked when it is typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from attune_cli.casting import by_schema, part_of
from attune_cli.terminal import harmless

Schema = Mapping[str, Any]
_MISSING = object()


def ask_for(schema: Schema | None) -> Any:
    """A value that the schema takes, as far as its parts can be checked alone."""
    if schema is None:
        return _free(typer.prompt("answer (JSON or text)"))
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return _field("answer", schema, is_required=True)
    required = schema.get("required") or []
    answer: dict[str, Any] = {}
    for name in _in_order(properties, required):
        value = _field(name, part_of(schema, name) or {}, is_required=name in required)
        if value is not _MISSING:
            answer[name] = value
    return answer


def _in_order(properties: Mapping[str, Any], required: Sequence[str]) -> list[str]:
    """Those that must be given first, in their order."""
    first = [name for name in required if name in properties]
    return [*first, *(name for name in properties if name not in first)]


def _field(name: str, schema: Schema, *, is_required: bool) -> Any:
    """Asked until it fits. Nothing typed: the schema's default, or left out."""
    if description := schema.get("description"):
        typer.echo(harmless(f"{name}: {description}"))
    while True:
        text = typer.prompt(_label(name, schema), default="", show_default=False, hide_input=_is_secret(schema))
        if text == "" and not (is_required and "default" not in schema and _takes_empty(schema)):
            if not is_required or "default" in schema:
                return _MISSING
            typer.echo("  this is needed")
            continue
        value = by_schema(text, schema)
        problem = _problem(schema, value)
        if problem is None:
            return value
        typer.echo(f"  {problem}")


def _label(name: str, schema: Schema) -> str:
    """`size (integer, 1 or 2) [1]`."""
    kind = schema.get("type")
    words = [" or ".join(kind) if isinstance(kind, list) else str(kind)] if kind else []
    if isinstance(choices := schema.get("enum"), list):
        words.append(", ".join(json.dumps(choice) for choice in choices))
    told = f" ({', '.join(words)})" if words else ""
    return f"{name}{told}" + (f" [{json.dumps(schema['default'])}]" if "default" in schema else "")


def _is_secret(schema: Schema) -> bool:
    return schema.get("secret") is True


def _takes_empty(schema: Schema) -> bool:
    return _problem(schema, "") is None


def _problem(schema: Schema, value: Any) -> str | None:
    from attune_core.errors import AttuneError
    from attune_core.model.schema import validate

    try:
        found = validate(schema, value)
    except AttuneError:
        return None
    return f"{found[0][0]} {found[0][1]}".strip() if found else None


def _free(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
