"""The identity provider: where its endpoints are, and the keys that it signs with. Both are remembered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from attune_api.oidc.errors import ProviderAway
from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.egress import Egress
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest
from attune_common.hosting.single import SingleFlight
from attune_common.runtime import json, logging
from attune_common.runtime.clock import monotonic
from attune_core.errors import AttuneError

FRESH_SECONDS = 3600.0
LOOK_AGAIN_SECONDS = 30.0
"""For a key that is not known: whoever invents names of keys does not make us ask more often than that."""

_SECONDS = 10.0
_MOST_BYTES = 1024 * 1024
_LOCAL = ("127.0.0.1", "localhost", "::1")
_log = logging.get("attune.oidc")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says of itself. Endpoints that it does not have are ""."""

    issuer: str
    jwks_uri: str
    token_endpoint: str
    device_authorization_endpoint: str


@dataclass(frozen=True, slots=True)
class Signing:
    """A public key. `algorithm`: the only one that it is for; None: any that fits its kind."""

    key: Any
    algorithm: str | None


@dataclass(slots=True)
class _Known:
    metadata: Metadata
    keys: dict[str, Signing]
    at: float = field(default_factory=monotonic)


class Provider:
    """One issuer. Errors of its calls: ProviderAway."""

    def __init__(self, issuer: str) -> None:
        self.issuer = _checked(issuer)
        self._http = HttpClient(Egress("any"))
        self._known: _Known | None = None
        self._flights: SingleFlight[str, _Known] = SingleFlight()

    async def close(self) -> None:
        await self._flights.stop()
        await self._http.close()

    async def metadata(self) -> Metadata:
        return (await self._fresh(FRESH_SECONDS)).metadata

    async def key(self, id: str | None) -> Signing | None:
        """The signing key of that name; without a name the only one. Asks again for one that is not known."""
        known = await self._fresh(FRESH_SECONDS)
        found = _pick(known, id)
        if found is None and monotonic() - known.at >= LOOK_AGAIN_SECONDS:
            found = _pick(await self._fresh(LOOK_AGAIN_SECONDS), id)
        return found

    async def _fresh(self, seconds: float) -> _Known:
        """Not older than this, unless the provider is away: then what it said last."""
        known = self._known
        if known is not None and monotonic() - known.at < seconds:
            return known
        try:
            return await self._flights.do("all", self._ask)
        except ProviderAway as problem:
            if known is None:
                raise
            _log.warning("identity provider away, its last keys are used", error=problem.message)
            return known

    async def _ask(self) -> _Known:
        told = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise ProviderAway(f"{self.issuer} calls itself {str(told.get('issuer'))[:200]!r}")
        metadata = Metadata(
            self.issuer,
            self._endpoint(told, "jwks_uri", needed=True),
            self._endpoint(told, "token_endpoint"),
            self._endpoint(told, "device_authorization_endpoint"),
        )
        self._known = _Known(metadata, _keys(await self._get(metadata.jwks_uri)))
        return self._known

    def _endpoint(self, told: dict[str, Any], name: str, *, needed: bool = False) -> str:
        """Never over plain HTTP when the issuer is not."""
        url = str(told.get(name) or "")
        if url and urlsplit(self.issuer).scheme == "https" and urlsplit(url).scheme != "https":
            raise ProviderAway(f"{name} of {self.issuer} is not https")
        if needed and not url:
            raise ProviderAway(f"{self.issuer} tells no {name}")
        return url

    async def _get(self, url: str) -> dict[str, Any]:
        request = HttpRequest("GET", url, timeout=_SECONDS, max_bytes=_MOST_BYTES)
        try:
            response = await self._http.send(request)
            told = json.loads(response.body)
        except RequestFailed as problem:
            raise ProviderAway(f"the identity provider does not answer: {problem.message}") from problem
        except json.DataError as problem:
            raise ProviderAway(f"{url} answers no JSON") from problem
        if response.status != 200 or not isinstance(told, dict):
            raise ProviderAway(f"{url} answers {response.status}")
        return told


def _checked(issuer: str) -> str:
    """Errors: AttuneError."""
    parts = urlsplit(issuer)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL):
        return issuer
    raise AttuneError(
        f"ATTUNE_OIDC_ISSUER is {issuer!r}, no https address", code="bad_settings",
        hint="as the provider spells it in its discovery document; http only on this machine",
    )  # fmt: skip


def _keys(told: dict[str, Any]) -> dict[str, Signing]:
    """Those for signatures that are understood; others are left out."""
    import jwt

    found: dict[str, Signing] = {}
    for place, each in enumerate(told.get("keys") or []):
        if isinstance(each, dict) and each.get("use", "sig") == "sig" and each.get("kty") != "oct":
            try:
                found[str(each.get("kid", f"#{place}"))] = Signing(jwt.PyJWK(each).key, each.get("alg"))
            except (jwt.PyJWTError, ValueError, TypeError) as problem:
                _log.info("a key of the identity provider is not understood", kid=each.get("kid"), error=str(problem))
    return found


def _pick(known: _Known, id: str | None) -> Signing | None:
    if id is not None:
        return known.keys.get(id)
    return next(iter(known.keys.values())) if len(known.keys) == 1 else None
