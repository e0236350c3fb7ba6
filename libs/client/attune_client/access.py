"""Logging in, tokens, identities and their roles."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import quote

from attune_client.models import Identity, NewToken, PackGrant, Token, WhoAmI
from attune_client.transport import Transport


class Access:
    """Who asks, and with what."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def login(self, login: str, password: str, label: str = "") -> NewToken:
        """A session. Errors: ApiError 401, 429 after too many failures."""
        body = {"login": login, "password": password, "label": label}
        return cast(NewToken, await self._transport.post("/login", body))

    async def oidc(self) -> dict[str, Any]:
        """Where and as whom to log in at the identity provider. Errors: ApiError 404 when there is none."""
        return cast("dict[str, Any]", await self._transport.get("/login/oidc"))

    async def login_oidc(self, token: str, label: str = "") -> NewToken:
        """A session for a token of the identity provider. Errors: ApiError 401, 403, 503."""
        return cast(NewToken, await self._transport.post("/login/oidc", {"token": token, "label": label}))

    async def link_oidc(self, token: str, password: str) -> None:
        """Let a login of the identity provider be the identity that asks. Errors: ApiError 401, 403, 409, 429."""
        await self._transport.post("/login/oidc/link", {"token": token, "password": password})

    async def stream_ticket(self) -> str:
        """For a page, whose EventSource or WebSocket opens one stream with it (`?ticket=`) within 30 s."""
        return str((await self._transport.post("/tickets"))["ticket"])

    async def logout(self) -> None:
        """Revoke the token that this is asked with."""
        await self._transport.post("/logout")

    async def whoami(self) -> WhoAmI:
        return cast(WhoAmI, await self._transport.get("/whoami"))

    async def tokens(self, login: str | None = None) -> list[Token]:
        """One's own; an administrator sees those of all, or of one `login`."""
        return [token async for token in self._transport.pages("/tokens", {"login": login})]

    async def make_token(
        self,
        *,
        login: str | None = None,
        role: str | None = None,
        scopes: Sequence[str] | None = None,
        label: str = "",
        expires: str | None = None,
    ) -> NewToken:
        """For oneself, or for `login` as an administrator. `expires`: ISO 8601. The secret is shown this one time."""
        body = {"login": login, "role": role, "scopes": scopes and [*scopes], "label": label, "expires": expires}
        return cast(NewToken, await self._transport.post("/tokens", body))

    async def revoke(self, token: str) -> None:
        """By its id. Errors: ApiError 404."""
        await self._transport.send("DELETE", f"/tokens/{quote(token)}")


class Identities:
    """People and services, for administrators."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, kind: str | None = None, role: str | None = None) -> builtins.list[Identity]:
        return [one async for one in self._transport.pages("/identities", {"kind": kind, "role": role})]

    async def get(self, login: str) -> Identity:
        return cast(Identity, await self._transport.get(f"/identities/{quote(login)}"))

    async def create(
        self, login: str, *, kind: str = "user", role: str = "none", label: str = "", password: str | None = None
    ) -> Identity:
        """Errors: ApiError 409 when the login is taken."""
        body = {"login": login, "kind": kind, "role": role, "label": label, "password": password}
        return cast(Identity, await self._transport.post("/identities", body))

    async def change(self, login: str, **changes: Any) -> Identity:
        """`role`, `label`, `enabled`; what is absent stays. Errors: ApiError 409 for the last administrator."""
        return cast(Identity, await self._transport.send("PUT", f"/identities/{quote(login)}", json=changes))

    async def remove(self, login: str) -> None:
        """Errors: ApiError 409 while rules act for it."""
        await self._transport.send("DELETE", f"/identities/{quote(login)}")

    async def set_password(self, login: str, password: str, current: str | None = None) -> None:
        """One's own with the present one, anybody's as an administrator."""
        body = {"password": password, "current": current}
        await self._transport.send("PUT", f"/identities/{quote(login)}/password", json=body)

    async def grant(self, login: str, pack: str, role: str) -> PackGrant:
        """Give a role on a pack, over the role that the identity has everywhere."""
        path = f"/identities/{quote(login)}/grants/{quote(pack)}"
        return cast(PackGrant, await self._transport.send("PUT", path, json={"role": role}))

    async def unlink(self, login: str) -> None:
        """Undo `link_oidc`. Errors: ApiError 409 when it was not linked."""
        await self._transport.send("DELETE", f"/identities/{quote(login)}/link")

    async def ungrant(self, login: str, pack: str) -> None:
        await self._transport.send("DELETE", f"/identities/{quote(login)}/grants/{quote(pack)}")
