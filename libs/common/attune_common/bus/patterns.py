"""Topic patterns as AMQP has them: words between dots, `*` is one word, `#` any number of them."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def matches(pattern: str, key: str) -> bool:
    """`workflow.#` takes `workflow`, `workflow.started` and `workflow.task.failed`; `workflow.*` only the second."""
    return _compiled(pattern).fullmatch("." + key) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_part(word) for word in pattern.split(".")), re.DOTALL)


def _part(word: str) -> str:
    match word:
        case "*":
            return r"\.[^.]*"
        case "#":
            return r"(?:\.[^.]*)*"
        case _:
            return r"\." + re.escape(word)
