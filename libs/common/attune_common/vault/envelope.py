"""Envelope encryption: AES-256-GCM under a data key of each value's own, the data key wrapped by a master key."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from attune_common.runtime import json
from attune_common.runtime.settings import Settings
from attune_common.vault.errors import SecretDamaged
from attune_common.vault.keyring import KEY_BYTES, Keyring, MasterKey

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value as it is stored: `key` is its name, `master_key` the id of the key that wraps its data key."""

    key: str
    master_key: str
    wrapped: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


class Vault:
    """Seals and opens for one process."""

    def __init__(self, settings: Settings) -> None:
        self.keyring = Keyring(settings)

    def seal(self, key: str, value: Any) -> Sealed:
        """Any JSON under the name `key`. Errors: SecretsUnavailable."""
        master = self.keyring.primary
        data_key = secrets.token_bytes(KEY_BYTES)
        sealed = _encrypt(data_key, json.dumps(value), _bound(key))
        return Sealed(key, master.id, _wrap(master, key, data_key), sealed)

    def open(self, stored: Sealed) -> Any:
        """The value. Errors: UnknownMasterKey, SecretDamaged."""
        data_key = _unwrap(self.keyring.get(stored.master_key), stored)
        return json.loads(_decrypt(data_key, stored.sealed, _bound(stored.key), stored.key))

    def rewrap(self, stored: Sealed) -> Sealed | None:
        """The same under the primary master key; None when it is already. The value itself is not opened."""
        master = self.keyring.primary
        if stored.master_key == master.id:
            return None
        data_key = _unwrap(self.keyring.get(stored.master_key), stored)
        return Sealed(stored.key, master.id, _wrap(master, stored.key, data_key), stored.sealed)


def _bound(key: str) -> bytes:
    """What ties a ciphertext to its row."""
    return b"attune secret\0" + key.encode()


def _wrap(master: MasterKey, key: str, data_key: bytes) -> bytes:
    return _encrypt(master.key, data_key, _bound(key) + b"\0" + master.id.encode())


def _unwrap(master: MasterKey, stored: Sealed) -> bytes:
    return _decrypt(master.key, stored.wrapped, _bound(stored.key) + b"\0" + master.id.encode(), stored.key)


def _encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 6 MB where there are no secrets

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypt(key: bytes, data: bytes, bound: bytes, name: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as problem:
        hint = "restore the row from a backup, or set the secret again"
        raise SecretDamaged(f"the secret {name!r} cannot be opened: it is not what was sealed", hint=hint) from problem
