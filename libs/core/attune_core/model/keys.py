"""How the keys of a file are described: once, for the parser, for editors and for the reference page.

A table maps each key to a `Key`. The parser takes its names from the table, so a key that is not described is not
accepted; `attune_core.schemas` makes the JSON Schema out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Shape = Mapping[str, Any]
"""A fragment of JSON Schema 2020-12. References go to `#/$defs/NAME`."""


@dataclass(frozen=True, slots=True)
class Key:
    """`about` is a sentence for a tooltip. `needs`: keys that must stand beside it."""

    shape: Shape
    about: str
    required: bool = False
    needs: tuple[str, ...] = ()


Keys = Mapping[str, Key]
"""Key -> what it takes, in the order in which an editor offers them."""

ANYTHING: Final[Shape] = {}
TEXT: Final[Shape] = {"type": "string"}
FLAG: Final[Shape] = {"type": "boolean"}
MAP: Final[Shape] = {"type": "object"}
TEXTS: Final[Shape] = {"type": "array", "items": TEXT}
TEMPLATE: Final[Shape] = {"type": "string", "pattern": r"\{\{|\{%"}
ONE_TEMPLATE: Final[Shape] = {"type": "string", "pattern": r"^\s*\{\{[\s\S]*\}\}\s*$"}
CONDITION: Final[Shape] = {"type": ["string", "boolean"]}
"""`{{ ... }}` or a bare expression; true and false as they are."""


def matching(form: re.Pattern[str]) -> Shape:
    """Text of a form that the parser knows as a compiled pattern."""
    return {"type": "string", "pattern": f"^(?:{form.pattern.removesuffix(chr(92) + 'Z')})$"}


def number(low: float, high: float, *, above_low: bool = False) -> Shape:
    return {"type": "number", "exclusiveMinimum" if above_low else "minimum": low, "maximum": high}


def whole(low: int, high: int) -> Shape:
    return {"type": "integer", "minimum": low, "maximum": high}


def choice(kind: type[StrEnum] | Iterable[str]) -> Shape:
    return {"type": "string", "enum": [str(member) for member in kind]}


def either(*shapes: Shape) -> Shape:
    return {"anyOf": list(shapes)}


def some(shape: Shape) -> Shape:
    """A list of at least one."""
    return {"type": "array", "items": shape, "minItems": 1}


def part(name: str) -> Shape:
    """What another table of the same document describes."""
    return {"$ref": f"#/$defs/{name}"}


def one_key(shape: Shape) -> Shape:
    """A map of exactly one key."""
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": shape}
