"""Random ids, drawn by the hundred: to ask the system for each would take longer than much of what they are for."""

from __future__ import annotations

import os
import secrets

_BYTES, _AT_ONCE = 16, 100
_drawn: list[str] = []


def random_id() -> str:
    """32 hexadecimal digits that nobody can guess: a token, a trace id, the id of a message."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            _drawn.extend(_draw())


def _draw() -> list[str]:
    size, digits = 2 * _BYTES, secrets.token_hex(_BYTES * _AT_ONCE)
    return [digits[place : place + size] for place in range(0, len(digits), size)]


os.register_at_fork(after_in_child=_drawn.clear)
