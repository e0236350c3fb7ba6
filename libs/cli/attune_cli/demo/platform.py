"""The platform that a demonstration runs on: one process with everything, or the services apart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from attune_cli.demo.children import Children
from attune_client import AsyncAttune
from attune_client.discovery import Address
from attune_client.errors import ApiError, ApiUnreachable
from attune_core.errors import AttuneError

START_SECONDS = 180.0

T = TypeVar("T")


class NotStarted(AttuneError):
    """The platform did not become ready in time."""

    code = "platform_not_started"


BecomeReady = Callable[[], Awaitable[Address]]
"""Waits until the platform can work. Errors: NotStarted, ChildEnded."""


@contextlib.asynccontextmanager
async def dev_platform(folder: Path, extra: dict[str, str]) -> AsyncIterator[BecomeReady]:
    """`attune dev` on a free port with its data below `folder`. `extra` goes into its environment."""
    data = folder / "data"
    environment = clean_environment() | extra
    async with Children(folder) as children:
        await children.attune("dev", ["dev", "--port", "0", "--data-dir", str(data)], environment)

        async def become_ready() -> Address:
            address = await until(lambda: _announced(data), children)
            await until_ready(address, children)
            return address

        yield become_ready


def clean_environment() -> dict[str, str]:
    """This process's environment without what would point the demonstration to another platform."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}


def make_token() -> str:
    """A token of the platform's form."""
    return f"att_{secrets.token_hex(8)}_{secrets.token_hex(32)}"


async def _announced(data: Path) -> Address | None:
    with contextlib.suppress(OSError, ValueError):
        url = json.loads((data / "dev.json").read_text())["api_url"]
        return Address(url, (data / "token").read_text().strip(), "the demonstration")
    return None


async def until_ready(address: Address, children: Children) -> None:
    """Wait until the API says that it can work. Errors: NotStarted with what it says instead, ChildEnded."""
    said: dict[str, Any] = {}

    async def ready() -> bool:
        with contextlib.suppress(ApiUnreachable, ApiError):
            async with AsyncAttune.at(address) as attune:
                said.update(await attune.ready())
        return bool(said.get("ready"))

    try:
        await until(ready, children)
    except NotStarted as problem:
        problem.hint = failing(said) or "the API did not answer at all"
        raise


def failing(report: dict[str, Any]) -> str:
    """The checks that did not pass, from what /health/ready answered."""
    checks = report.get("checks") or {}
    bad = {name: check for name, check in checks.items() if isinstance(check, dict) and not check.get("ok")}
    return "; ".join(f"{name}: {check.get('detail') or 'not ready'}" for name, check in bad.items())


async def until(look: Callable[[], Awaitable[T | None]], children: Children) -> T:
    """What `look` gives as soon as it gives something. Errors: NotStarted, ChildEnded."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while not (found := await look()):
                children.check()
                await asyncio.sleep(0.05)
    except TimeoutError as problem:
        raise NotStarted(f"the platform was not ready after {START_SECONDS:g} s") from problem
    return found
