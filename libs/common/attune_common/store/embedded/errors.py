"""Why there is no embedded PostgreSQL, with what to do about it."""

from __future__ import annotations

from attune_core.errors import AttuneError


class EmbeddedError(AttuneError):
    """The embedded PostgreSQL cannot be had; `hint` names the way out."""

    code = "embedded_postgres"
