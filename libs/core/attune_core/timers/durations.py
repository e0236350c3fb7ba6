"""How long, as people write it: seconds as a number, or `90s`, `5m`, `1h30m`, `2d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([wdhms])")
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+\Z")
_LONGEST: Final = 64


def read_duration(value: Any) -> timedelta | None:
    """The duration, or None when it is not written as one. Not checked: whether it is of any use."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return timedelta(seconds=value) if abs(value) < 1e10 else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip().lower().replace(" ", "")
    if not _WHOLE.match(text):
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return timedelta(seconds=seconds) if seconds < 1e10 else None
