"""The datastore: keys and JSON values, with versions and ends."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from attune_client.models import KeyValue
from attune_client.transport import Transport


class Datastore:
    """Keys: `name`, `pack:web/name`, `identity:me/name`. `ttl`: seconds until a value is gone; None: it stays."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, key: str) -> Any:
        """The value of a key. Errors: ApiError 404."""
        return (await self.entry(key))["value"]

    async def entry(self, key: str) -> KeyValue:
        """The value with its version and its end. Errors: ApiError 404."""
        return cast(KeyValue, await self._transport.get(f"/kv/{quote(key)}"))

    async def all(self, prefix: str = "") -> list[KeyValue]:
        """By key."""
        return [entry async for entry in self._transport.pages("/kv", {"prefix": prefix or None})]

    async def put(
        self, key: str, value: Any, *, ttl: float | None = None, version: int | None = None, new: bool = False
    ) -> KeyValue:
        """Store it. `version`: only over this one; `new`: only when there is none. Errors: ApiError 412."""
        body = {"value": value} if ttl is None else {"value": value, "ttl": ttl}
        answer = await self._transport.send("PUT", f"/kv/{quote(key)}", json=body, headers=expecting(version, new))
        return cast(KeyValue, answer)

    async def increment(self, key: str, by: float = 1, *, ttl: float | None = None) -> KeyValue:
        """Add to a number, in one step; a key that is not there counts from 0. Errors: ApiError 409."""
        body = {"by": by} if ttl is None else {"by": by, "ttl": ttl}
        return cast(KeyValue, await self._transport.post(f"/kv/{quote(key)}/increment", body))

    async def remove(self, key: str, *, version: int | None = None) -> None:
        """Errors: ApiError 404, 412 when `version` is no longer the present one."""
        await self._transport.send("DELETE", f"/kv/{quote(key)}", headers=expecting(version))


def expecting(version: int | None = None, new: bool = False) -> dict[str, str]:
    """The headers of a change that is only to happen to this version, or to nothing."""
    if new:
        return {"If-None-Match": "*"}
    return {} if version is None else {"If-Match": f'"{version}"'}
