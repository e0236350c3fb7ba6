"""`fields=id,status`: only these of what is shown, of every route that shows things of the platform."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from attune_api.errors import Invalid
from attune_api.paging import Page

PARAMETER = "fields"
_PREFIX = "/api/v1/"


def shown_fields(path: str, methods: set[str] | None, model: Any) -> frozenset[str]:
    """Which fields may be asked for; none where nothing can be left out."""
    if not path.startswith(_PREFIX) or methods != {"GET"} or not isinstance(model, type):
        return frozenset()
    shown: type = item_of(model) or model
    return frozenset(shown.model_fields) if issubclass(shown, BaseModel) else frozenset()


def item_of(model: Any) -> Any | None:
    """What the pages of this model hold; None when it is no page."""
    if get_origin(model) is Page:
        return get_args(model)[0]
    found = getattr(model, "__pydantic_generic_metadata__", None)
    return found["args"][0] if found and found["origin"] is Page else None


def asked(request: Request, known: frozenset[str]) -> frozenset[str]:
    """The fields that the caller wants; none for all. Errors: Invalid."""
    text = request.query_params.get(PARAMETER)
    if text is None or not known:
        return frozenset()
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            hint = f"there are {', '.join(sorted(known))}"
            raise Invalid.at(f"query.{PARAMETER}", f"there is no field {name!r}", hint=hint)
    return frozenset(names)


def cut(response: Response, names: frozenset[str], *, paged: bool) -> Response:
    """The same answer with these fields alone; `next` of a page stays."""
    if not names or response.status_code != 200 or response.media_type != "application/json":
        return response
    body = orjson.loads(response.body)
    short = {**body, "items": [_of(item, names) for item in body["items"]]} if paged else _of(body, names)
    kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}
    return Response(orjson.dumps(short), headers=kept, media_type="application/json")


def _of(item: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in names}
