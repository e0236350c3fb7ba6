"""The parameters of an action against its schema. What is secret is not looked at: nobody here can read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.expressions.markers import MASK, decode, encode
from attune_core.model import schema
from attune_core.model.schema import path_text
from attune_core.model.sealing import replaced
from attune_core.model.validators import violations


def checked(
    param_schema: Mapping[str, Any] | None, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """(parameters with the schema's defaults, what the schema refuses of them as (path, message)).

    Errors: SchemaError when the schema itself cannot be used.
    """
    filled: dict[str, Any] = schema.apply_defaults(param_schema, dict(parameters))
    if param_schema is None:
        return filled, []
    _, places = encode(filled)
    if not places:
        return filled, schema.validate(param_schema, filled)
    hidden = [tuple(place) for place in places]
    shown: Any = filled
    for place in hidden:
        shown = replaced(shown, place, lambda _: MASK)
    found = [
        one
        for one in violations(dict(param_schema), shown)
        if not any(one.path[: len(place)] == place for place in hidden)
    ]
    return filled, [(path_text(one.path), one.message) for one in found]


def stored(parameters: Mapping[str, Any] | None, places: Any) -> dict[str, Any]:
    """Parameters as their row has them, with the secrets that they hold."""
    found: dict[str, Any] = decode(dict(parameters or {}), places)
    return found
