"""Libraries without what they take along only because it is installed: each service would pay for it in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OLD_PYDANTIC = "pydantic.v1"
"""Where FastAPI looks whether a parameter is one of its models: a tenth of a second, and 2 MB, for none."""


@contextmanager
def without(*names: str) -> Iterator[None]:
    """While it is open, an import of the named packages finds nothing, unless they are loaded already."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
