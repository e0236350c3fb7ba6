"""Query parameters are known by name, and given once unless they are lists: what is mistyped is never ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from attune_api.errors import Invalid


def of(dependant: Dependant) -> dict[str, bool]:
    """The parameters of a route, and whether each may be given several times."""
    names: dict[str, bool] = {}
    for field in dependant.query_params:
        names |= _names_of(field)
    for inner in dependant.dependencies:
        names |= of(inner)
    return names


def check(request: Request, known: Mapping[str, bool]) -> None:
    """Errors: Invalid."""
    counts = Counter(key for key, _ in request.query_params.multi_items())
    unknown = [key for key in counts if key not in known]
    if unknown:
        hint = f"known here: {', '.join(sorted(known)) or 'none'}"
        places = [{"path": f"query.{key}", "message": "unknown query parameter", "hint": hint} for key in unknown]
        raise Invalid(f"unknown query parameter {unknown[0]!r}", hint=hint, errors=places)
    twice = [key for key, count in counts.items() if count > 1 and not known[key]]
    if twice:
        raise Invalid.at(f"query.{twice[0]}", "given more than once")


def _names_of(field: ModelField) -> dict[str, bool]:
    """A parameter's name; of a model that stands for the whole query the names of its fields."""
    kind = field.field_info.annotation
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {field.alias: _is_list(kind)}
    return {info.alias or name: _is_list(info.annotation) for name, info in kind.model_fields.items()}


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list or any(_is_list(part) for part in get_args(kind))
