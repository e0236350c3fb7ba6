"""Logging in at an identity provider from a terminal: the device authorization grant (RFC 8628)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from attune_core.errors import AttuneError

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL = 5.0
_SLOWER = 5.0
_SECONDS = 15.0
_CODE_SECONDS = 600.0


class LoginFailed(AttuneError):
    """The identity provider did not give a token."""

    code = "login_failed"


async def device_token(provider: Mapping[str, Any], tell: Callable[[str], object]) -> str:
    """An ID token, when the person has agreed in a browser. Errors: LoginFailed."""
    if not provider.get("device_authorization_endpoint"):
        hint = "get a token there otherwise, and use `attune login --token` with a token of Attune"
        raise LoginFailed(f"{provider['issuer']} has no login for devices", hint=hint)
    async with httpx2.AsyncClient(timeout=_SECONDS) as http:
        asked = {"client_id": provider["client_id"], "scope": provider["scopes"]}
        begun = await _post(http, str(provider["device_authorization_endpoint"]), asked)
        place = begun.get("verification_uri_complete") or begun.get("verification_uri")
        tell(f"open {place} and confirm the code {begun.get('user_code')}")
        try:
            async with asyncio.timeout(float(begun.get("expires_in", _CODE_SECONDS))):
                return await _poll(http, provider, begun)
        except TimeoutError as late:
            raise LoginFailed("nobody confirmed the code in time", hint="attune login --oidc") from late


async def _poll(http: httpx2.AsyncClient, provider: Mapping[str, Any], begun: Mapping[str, Any]) -> str:
    wait = float(begun.get("interval", _INTERVAL))
    wanted = {"grant_type": _GRANT, "device_code": begun["device_code"], "client_id": provider["client_id"]}
    while True:
        answer = await _post(http, str(provider["token_endpoint"]), wanted)
        token = answer.get("id_token")
        if token:
            return str(token)
        match answer.get("error"):
            case "authorization_pending":
                pass
            case "slow_down":
                wait += _SLOWER
            case other:
                told = answer.get("error_description") or other or "no token"
                raise LoginFailed(f"the identity provider says: {told}")
        await asyncio.sleep(wait)


async def _post(http: httpx2.AsyncClient, url: str, form: Mapping[str, Any]) -> dict[str, Any]:
    try:
        answer = await http.post(url, data=dict(form))
        body = answer.json()
    except (httpx2.HTTPError, ValueError) as problem:
        raise LoginFailed(f"the identity provider at {url} does not answer as it should: {problem}") from problem
    if not isinstance(body, dict):
        raise LoginFailed(f"the identity provider at {url} does not answer as it should")
    return body
