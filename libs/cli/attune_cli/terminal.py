"""A console that shows what others have written as text: nothing in it moves the cursor, paints or turns around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, RenderableType
from rich.segment import Segment

from attune_cli.output import STEERING

_STEERING = re.compile(f"[\x00-\x08\x0b-\x1f]|{STEERING}")
_PICTURES = 0x2400
_FIRST_OF_LATIN = 0x20


def harmless(text: str) -> str:
    """Control characters as their pictures, those that turn the direction of writing as a replacement character."""
    return _STEERING.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(_PICTURES + code) if code < _FIRST_OF_LATIN else "\N{REPLACEMENT CHARACTER}"


class PlainConsole(Console):
    """Rich's own codes for colours and cursors are no text, and stay."""

    def render(self, renderable: RenderableType, options: Any = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))
