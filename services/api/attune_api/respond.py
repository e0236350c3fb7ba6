"""JSON out: one way to write it, safe headers on everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from attune_common.runtime.json import dumps


def json_response(
    value: Any,
    status: int = 200,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(dumps(value), status, headers=dict(headers or {}), media_type=media_type)
