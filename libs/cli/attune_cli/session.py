"""From a command to the API: one connection for the time of one command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from attune_client import AsyncAttune

T = TypeVar("T")


@dataclass
class _Chosen:
    api_url: str = ""


_chosen = _Chosen()


def choose(api_url: str) -> None:
    """Remember `--api-url` for the command that follows."""
    _chosen.api_url = api_url


def ask(work: Callable[[AsyncAttune], Awaitable[T]]) -> T:
    """Do `work` with a connected client. Errors: ApiError, ApiUnreachable."""
    import asyncio

    return asyncio.run(_with_client(work))


async def _with_client(work: Callable[[AsyncAttune], Awaitable[T]]) -> T:
    from attune_client import AsyncAttune

    async with AsyncAttune.connect(_chosen.api_url) as attune:
        return await work(attune)
