"""The shapes of names and refs, and the closest known name for one that is unknown."""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
PACK_REF: Final = re.compile(r"[a-z0-9][a-z0-9_-]*\Z", re.ASCII)
REF: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)+\Z", re.ASCII)
VERSION: Final = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\Z", re.ASCII
)
MAX_REF: Final = 255
"""Characters of a ref: the width of the column that keeps it."""

_LONGEST_COMPARED: Final = 100
_MOST_COMPARED: Final = 1_500
_MOST_MEASURED: Final = 20
"""The exact comparison is dear: it is for those that share most pairs of letters with the name."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, or None."""
    if len(name) > _LONGEST_COMPARED:
        return None
    candidates = [candidate for candidate in known if abs(len(candidate) - len(name)) <= 12][:_MOST_COMPARED]
    wanted = _pairs(name)
    likely = heapq.nlargest(_MOST_MEASURED, candidates, key=lambda candidate: len(wanted & _pairs(candidate)))
    found = difflib.get_close_matches(name, likely, n=1, cutoff=0.6)
    return found[0] if found else None


@lru_cache(maxsize=4096)
def _pairs(name: str) -> frozenset[str]:
    """Its letters and its pairs of neighbours."""
    return frozenset(name) | frozenset(map("".join, pairwise(name)))


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint with the closest known name; else `otherwise`."""
    found = closest(name, known)
    return f"did you mean `{found}`?" if found else otherwise


def pack_of(ref: str) -> str:
    return ref.partition(".")[0]


def shown(text: str, limit: int = 60) -> str:
    """A text of the user's, short enough for a sentence and on one line."""
    if len(text) <= limit and " " not in text and text.isprintable():
        return text
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[:limit] + "..."
