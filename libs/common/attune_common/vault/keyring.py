"""Master keys by id: from a file that may change while the service runs, or from the environment."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from attune_common.runtime import logging
from attune_common.runtime.settings import Settings
from attune_common.vault.errors import SecretsUnavailable, UnknownMasterKey

KEY_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
_FINGERPRINT = b"attune fingerprint of secret input"
_log = logging.get("attune.vault")


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Wraps data keys. `id` is stored beside what it wraps; the bytes are never shown."""

    id: str
    key: bytes = field(repr=False)

    @property
    def line(self) -> str:
        """Its line in a key file."""
        return f"{self.id}:{base64.b64encode(self.key).decode()}"

    def fingerprint(self, data: bytes) -> str:
        """For telling whether two inputs are the same without keeping anything that helps to guess them."""
        derived = hmac.new(self.key, _FINGERPRINT, hashlib.sha256).digest()
        return hmac.new(derived, data, hashlib.sha256).hexdigest()


def new_key(id: str = "") -> MasterKey:
    """A random key, with an id of its own when none is given. Errors: ValueError for an id that is none."""
    if id and not _ID.match(id):
        raise ValueError(f"{id!r} is no id of a key")
    return MasterKey(id or f"k{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES))


def parse_keys(lines: Iterable[str], source: str) -> tuple[MasterKey, ...]:
    """`id:base64` each; empty lines and comments (#) are skipped. Errors: SecretsUnavailable, without the text."""
    found: dict[str, MasterKey] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        id, _, encoded = text.partition(":")
        if not _ID.match(id) or id in found:
            raise SecretsUnavailable(f"{source}: key {number} has no id of its own", hint=_HINT)
        found[id] = MasterKey(id, _decoded(encoded, source, number))
    return tuple(found.values())


_HINT = "one key a line, `id:base64 of 32 bytes`, the first one is used for new secrets: `attune secret keygen`"


def _decoded(encoded: str, source: str, number: int) -> bytes:
    try:
        key = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretsUnavailable(f"{source}: key {number} is not 32 bytes in base64", hint=_HINT)
    return key


def put_first(file: Path, key: MasterKey) -> None:
    """Make it the key for new secrets; the others stay. Readers see the old file or the new. Errors: OSError."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if key.id in (known.id for known in parse_keys(before.splitlines(), os.fspath(file))):
        raise SecretsUnavailable(f"{file} has a key {key.id!r} already", hint="leave out the id")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(f"{key.line}\n{before}")
    draft.replace(file)


class Keyring:
    """The keys of this process; the first is for new secrets, all are for opening. A changed file is read again."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.master_key_file
        self._given = settings.master_keys
        self._keys: dict[str, MasterKey] = {}
        self._read_at: tuple[int, int, int] | None = None

    @property
    def primary(self) -> MasterKey:
        """Errors: SecretsUnavailable."""
        keys = self._current()
        if not keys:
            hint = "set ATTUNE_MASTER_KEY_FILE (or ATTUNE_MASTER_KEYS); `attune secret keygen` makes a key"
            raise SecretsUnavailable("this service has no master key, so it keeps no secrets", hint=hint)
        return next(iter(keys.values()))

    def get(self, id: str) -> MasterKey:
        """Errors: UnknownMasterKey."""
        found = self._current().get(id)
        if found is None:
            hint = "keep old keys until `attune secret rotate` is done"
            raise UnknownMasterKey(f"the master key {id!r} is not here", hint=hint)
        return found

    def all(self) -> tuple[MasterKey, ...]:
        return tuple(self._current().values())

    def _current(self) -> dict[str, MasterKey]:
        if self._file is None:
            if not self._keys and self._given:
                self._keys = _by_id(parse_keys(self._given.split(","), "ATTUNE_MASTER_KEYS"))
            return self._keys
        try:
            status = self._file.stat()
        except OSError as problem:
            raise SecretsUnavailable(f"{self._file}: {problem.strerror}", hint=_HINT) from problem
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if seen != self._read_at:
            self._keys = _by_id(_read(self._file, status.st_mode))
            self._read_at = seen
        return self._keys


def _by_id(keys: Iterable[MasterKey]) -> dict[str, MasterKey]:
    return {key.id: key for key in keys}


def _read(path: Path, mode: int) -> tuple[MasterKey, ...]:
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        _log.warning("the file of master keys can be read by others", file=os.fspath(path), mode=oct(mode & 0o777))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SecretsUnavailable(f"{path} cannot be read: {problem}", hint=_HINT) from problem
    return parse_keys(text.splitlines(), os.fspath(path))
