"""What stands in the place of real code in several mutants."""

from __future__ import annotations

from typing import Any


def nothing(*_: Any, **__: Any) -> None:
    """Not done."""


async def not_done(*_: Any, **__: Any) -> None:
    """Not done, where somebody waits for it."""


async def nothing_found(*_: Any, **__: Any) -> list[Any]:
    return []


def always(*_: Any, **__: Any) -> bool:
    return True


async def yes(*_: Any, **__: Any) -> bool:
    return True
