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
    profile: str = ""


_chosen = _Chosen()


def choose(api_url: str, profile: str) -> None:
    """Remember `--api-url` and `--profile` for the command that follows."""
    _chosen.api_url, _chosen.profile = api_url, profile


def profile() -> str:
    """The profile that is named by `--profile` or ATTUNE_PROFILE, "" when none is."""
    import os

    return _chosen.profile or os.environ.get("ATTUNE_PROFILE", "")


def chosen() -> tuple[str, str]:
    """The address and the profile that were named."""
    return _chosen.api_url, profile()


def ask(work: Callable[[AsyncAttune], Awaitable[T]]) -> T:
    """Do `work` with a connected client. Errors: ApiError, ApiUnreachable."""
    import asyncio

    return asyncio.run(_with_client(work))


def ask_at(url: str, token: str, work: Callable[[AsyncAttune], Awaitable[T]]) -> T:
    """The same at this address and with this token, "" for none."""
    import asyncio

    from attune_client import AsyncAttune
    from attune_client.discovery import Address

    async def asking() -> T:
        async with AsyncAttune.at(Address(url, token, "the login")) as attune:
            return await work(attune)

    return asyncio.run(asking())


async def _with_client(work: Callable[[AsyncAttune], Awaitable[T]]) -> T:
    from attune_client import AsyncAttune

    async with AsyncAttune.connect(_chosen.api_url, profile=_chosen.profile) as attune:
        return await work(attune)
