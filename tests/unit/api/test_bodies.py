"""Bodies of requests: a number is a number; neither a truth nor a text is taken for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from attune_api.routes import ROUTERS


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The model itself and those inside."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for part in get_args(kind):
        yield from models(part)


def numbers() -> set[tuple[type[BaseModel], str]]:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    bodies = [route.body_field.field_info.annotation for route in routes if route.body_field is not None]
    found = {model for body in bodies for model in models(body)}
    fields = {(model, name, field.annotation) for model in found for name, field in model.model_fields.items()}
    return {(model, name) for model, name, annotation in fields if is_number(annotation)}


def is_number(kind: Any) -> bool:
    return kind in (int, float) or any(is_number(part) for part in get_args(kind))


def test_there_are_numbers() -> None:
    assert len(numbers()) > 15


@pytest.mark.parametrize(("model", "name"), sorted(numbers(), key=str))
def test_what_is_no_number_is_refused(model: type[BaseModel], name: str) -> None:
    for value in (True, "1", [True], ["1"]):
        with pytest.raises(ValidationError) as refused:
            model.model_validate({name: value})
        assert name in [place["loc"][0] for place in refused.value.errors() if place["loc"]], value
