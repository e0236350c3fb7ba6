"""Moments as text. All that a batch decides has the batch's time, and each task tells its times several times over."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_KEPT: Final = 1_024


def iso(moment: datetime) -> str:
    """ISO 8601. Only UTC is remembered: equal moments of other zones are written differently."""
    return _written(moment) if moment.tzinfo is UTC else moment.isoformat()


@lru_cache(maxsize=_KEPT)
def _written(moment: datetime) -> str:
    return moment.isoformat()
