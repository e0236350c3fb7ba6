"""How large, as people write it: bytes as a number, or `512MiB`, `2 GiB`, `300MB`."""

from __future__ import annotations

import re
from typing import Any, Final

SIZE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})? ?([KMGT]i?)?B\Z", re.ASCII)
_POWERS: Final = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def read_size(value: Any) -> int | None:
    """Bytes, or None when it is not written as a size. Not checked: whether it is of any use."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not SIZE.match(value):
        return None
    number, unit = re.match(r"([0-9.]+) ?(.*)B", value).groups()  # type: ignore[union-attr]
    base = 1024 if unit.endswith("i") else 1000
    return int(float(number) * base ** _POWERS[unit.removesuffix("i")])
