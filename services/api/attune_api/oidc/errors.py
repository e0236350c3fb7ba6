"""What can be wrong with a login at the identity provider."""

from __future__ import annotations

from typing import Any

from attune_api.errors import Forbidden, Unauthenticated, Unavailable


class BadToken(Unauthenticated):
    """The provider's token is not one that we take."""

    code = "bad_oidc_token"

    def __init__(self, message: str, **rest: Any) -> None:
        rest.setdefault("hint", "log in at the identity provider again: attune login --oidc")
        super().__init__(message, headers={}, **rest)


class NoRole(Forbidden):
    """The provider knows who it is; nothing says what they may."""

    code = "no_role"


class ProviderAway(Unavailable):
    """The identity provider does not answer, or not as it should."""

    code = "oidc_unavailable"

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=5, hint="passwords and tokens of Attune work all the same")
