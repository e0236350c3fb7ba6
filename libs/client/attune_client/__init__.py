"""The client of Attune's API: typed, async (`AsyncAttune`), with a blocking face (`Attune`).

async with AsyncAttune.connect() as attune:
    started = await attune.workflows.execute("my_pack.hello", {"name": "Ada"})
    async for snapshot in attune.watch(started["id"]):
        print(snapshot.execution["status"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attune_client.client import AsyncAttune
    from attune_client.sync import Attune

__all__ = ["AsyncAttune", "Attune"]


def __getattr__(name: str) -> object:
    """Import on first use: whoever only wants the address of the API does not pay for an HTTP client."""
    if name == "AsyncAttune":
        from attune_client.client import AsyncAttune

        return AsyncAttune
    if name == "Attune":
        from attune_client.sync import Attune

        return Attune
    raise AttributeError(name)
