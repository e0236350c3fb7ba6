"""From a provider's token to who it stands for: signature, issuer, audience, times, then login and role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from attune_api.oidc.errors import BadToken, NoRole
from attune_api.oidc.provider import Provider
from attune_common.runtime.settings import Settings
from attune_core.access.keys import LOGIN, ME
from attune_core.access.roles import Role

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key of the provider's own. Never `none`, never one by a secret that we would share."""

_LEEWAY = 30.0
_NEEDED = ["exp", "iat", "iss", "aud", "sub"]
_LADDER = (Role.NONE, Role.VIEWER, Role.OPERATOR, Role.AUTHOR, Role.ADMIN)
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Claimed:
    """`subject`: issuer and `sub`, which never change; `login` and `role` are as the provider says today."""

    subject: str
    login: str
    role: Role
    label: str


async def read(provider: Provider, settings: Settings, token: str) -> Claimed:
    """Errors: BadToken, NoRole, ProviderAway."""
    claims = await _verified(provider, settings, token)
    login = _login(settings, claims)
    role = _role(settings, claims, login)
    label = str(claims.get("name") or claims.get("email") or "")[:200].replace("\0", "")
    return Claimed(f"{provider.issuer} {claims['sub']}", login, role, label)


async def _verified(provider: Provider, settings: Settings, token: str) -> Mapping[str, Any]:
    import jwt  # 9 MB with its cryptography, only where there is an identity provider

    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as problem:
        raise BadToken("this is no token of an identity provider") from problem
    algorithm, id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise BadToken(f"the token is signed by {str(algorithm)[:20]!r}, which is not accepted")
    signing = await provider.key(id if isinstance(id, str) else None)
    if signing is None or signing.algorithm not in (None, algorithm):
        raise BadToken("the token is signed by a key that the identity provider does not have")
    try:
        claims: dict[str, Any] = jwt.decode(
            token, signing.key, algorithms=[algorithm], audience=audiences(settings), issuer=provider.issuer,
            leeway=_LEEWAY, options={"require": _NEEDED},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError) as problem:
        raise BadToken(f"the token is not accepted: {problem}") from problem
    _check_party(settings, claims)
    return claims


def audiences(settings: Settings) -> list[str]:
    return _words(settings.oidc_audiences) or [settings.oidc_client_id]


def _check_party(settings: Settings, claims: Mapping[str, Any]) -> None:
    """A token for several audiences has to be one that was made for us."""
    audience, party = claims["aud"], claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if several and party is not None and party not in {settings.oidc_client_id, *audiences(settings)}:
        raise BadToken("the token was made for another application")


def _login(settings: Settings, claims: Mapping[str, Any]) -> str:
    names = _words(settings.oidc_login_claim)
    found = next((claims[name] for name in names if isinstance(claims.get(name), str)), "")
    if not LOGIN.match(found) or len(found) > _LONGEST or found == ME:
        raise NoRole(
            f"the token names no login: {found[:60]!r} in {' or '.join(names)}", code="no_login",
            hint="ATTUNE_OIDC_LOGIN_CLAIM names the claim to take it from",
        )  # fmt: skip
    return found


def _role(settings: Settings, claims: Mapping[str, Any], login: str) -> Role:
    """The highest that any of the values gives."""
    given = _at(claims, settings.oidc_role_claim)
    values = set(given.split()) if isinstance(given, str) else set(given) if isinstance(given, list) else set()
    roles = [role for value, role in mapping(settings).items() if value in values]
    if settings.oidc_default_role:
        roles.append(Role(settings.oidc_default_role))
    if not roles:
        raise NoRole(
            f"{login} has no role here: none of the values of {settings.oidc_role_claim!r} is known",
            hint="ATTUNE_OIDC_ROLES says which value gives which role",
        )
    return max(roles, key=_LADDER.index)


def mapping(settings: Settings) -> dict[str, Role]:
    """`group=role` pairs of the setting. Errors: ValueError."""
    pairs = (pair.rpartition("=") for pair in _words(settings.oidc_roles))
    return {value.strip(): _role_named(role.strip()) for value, _, role in pairs}


def _role_named(name: str) -> Role:
    if Role(name) not in _LADDER:
        raise ValueError(f"{name!r} is no role for people")
    return Role(name)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim; where there is none of that name, dots lead into maps."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def check(settings: Settings) -> Iterable[str]:
    """What is wrong in the settings."""
    if not settings.oidc_client_id:
        yield "ATTUNE_OIDC_CLIENT_ID is needed beside ATTUNE_OIDC_ISSUER"
    try:
        mapping(settings)
    except ValueError as problem:
        yield f"ATTUNE_OIDC_ROLES: {problem}; e.g. admins=admin,developers=author"
    if settings.oidc_default_role and settings.oidc_default_role not in _LADDER:
        yield f"ATTUNE_OIDC_DEFAULT_ROLE: {settings.oidc_default_role!r} is no role for people"
