"""What can keep a secret from being sealed or opened."""

from __future__ import annotations

from attune_core.errors import AttuneError


class SecretsUnavailable(AttuneError):
    """This process has no master key, or none that can be read."""

    code = "secrets_unavailable"


class UnknownMasterKey(SecretsUnavailable):
    """The secret was sealed under a master key that this process does not have."""

    code = "unknown_master_key"


class SecretDamaged(AttuneError):
    """What is stored is not what was sealed under this name: it was changed, or moved from another row."""

    code = "secret_damaged"
