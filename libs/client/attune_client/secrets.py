"""Secrets: set, described, removed; their values are for workers."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from attune_client.datastore import expecting
from attune_client.models import Rotation, SecretInfo
from attune_client.transport import Transport


class Secrets:
    """Keys as in the datastore."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, prefix: str = "") -> builtins.list[SecretInfo]:
        """What there is to know of them but their values."""
        return [info async for info in self._transport.pages("/secrets", {"prefix": prefix or None})]

    async def get(self, key: str) -> SecretInfo:
        """Everything but the value. Errors: ApiError 404."""
        return cast(SecretInfo, await self._transport.get(f"/secrets/{quote(key)}"))

    async def reveal(self, key: str) -> Any:
        """The value itself; the audit trail keeps who asked. Errors: ApiError 404."""
        return (await self._transport.post(f"/secrets/{quote(key)}/reveal"))["value"]

    async def put(
        self,
        key: str,
        value: Any,
        *,
        description: str | None = None,
        readers: Sequence[str] | None = None,
        version: int | None = None,
        new: bool = False,
    ) -> SecretInfo:
        """Set it. `readers`: logins that alone may use it. `version`, `new` as in the datastore."""
        told = {"description": description, "readers": None if readers is None else [*readers]}
        return await self._put(key, {"value": value, **_given(told)}, expecting(version, new))

    async def describe(
        self, key: str, *, description: str | None = None, readers: Sequence[str] | None = None
    ) -> SecretInfo:
        """Change what is said of it; its value stays. Errors: ApiError 404."""
        told = {"description": description, "readers": None if readers is None else [*readers]}
        return await self._put(key, _given(told), {})

    async def remove(self, key: str) -> None:
        """Errors: ApiError 404."""
        await self._transport.send("DELETE", f"/secrets/{quote(key)}")

    async def rotate(self, after: str = "") -> Rotation:
        """Wrap the next ones by the first master key; again with `next` as `after` until that is None."""
        return cast(Rotation, await self._transport.post("/secrets/rotate", {"after": after}))

    async def _put(self, key: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> SecretInfo:
        answer = await self._transport.send("PUT", f"/secrets/{quote(key)}", json=body, headers=headers)
        return cast(SecretInfo, answer)


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
