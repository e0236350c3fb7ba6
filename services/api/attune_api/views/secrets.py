"""Secrets are shown as stars: what a schema marks `secret: true`, and markers of secrets wherever they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.expressions import markers
from attune_core.expressions.markers import MASK
from attune_core.model.sealing import replaced, secret_paths

__all__ = ["MASK", "masked"]


def masked(schema: Mapping[str, Any] | None, value: Any) -> Any:
    """The same value with every secret part replaced. A map stays one, also when it is secret or looks like it."""
    found = value
    for path in secret_paths(schema, value):
        found = replaced(found, path, lambda _: MASK)
    found = markers.masked(found)
    return dict.fromkeys(value, MASK) if isinstance(value, Mapping) and not isinstance(found, Mapping) else found
