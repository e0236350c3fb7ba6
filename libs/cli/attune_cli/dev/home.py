"""The data directory of `attune dev`: who uses it, the tokens, and where others find the API."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from attune_client.discovery import find
from attune_common.store import tokens
from attune_common.vault.keyring import new_key
from attune_core.errors import AttuneError


class AlreadyRunning(AttuneError):
    """Another `attune dev` uses the data directory."""

    code = "already_running"


class Home:
    """One process at a time has it open.

    What is private in `folder` is so file by file: an embedded PostgreSQL of another user has to pass through.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Errors: AlreadyRunning."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        self._lock = (self.folder / "dev.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            self._lock.close()
            raise AlreadyRunning(
                f"`attune dev` already runs with {self.folder}",
                hint="use it as it is, stop it with Ctrl-C, or give another --data-dir",
            ) from problem
        self._announcement.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another process have it; nobody is sent to an API that is gone."""
        self._announcement.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()

    def token(self, name: str) -> str:
        """The token kept in the file of that name, made on first use and readable by the owner alone."""
        path = self.folder / name
        if not path.exists():
            write_private(path, tokens.make().text + "\n")
        return path.read_text(encoding="utf-8").strip()

    def master_keys(self) -> Path:
        """The file of keys for secrets, made on first use and readable by the owner alone."""
        path = self.folder / "master-keys"
        if not path.exists():
            write_private(path, new_key().line + "\n")
        return path

    def announce(self, api_url: str) -> None:
        """Let the CLI find the API."""
        write_private(self._announcement, json.dumps({"api_url": api_url, "pid": os.getpid()}) + "\n")

    @property
    def _announcement(self) -> Path:
        return self.folder / "dev.json"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; readers see the old content or the new, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
    draft.replace(path)


def is_announced_at(url: str) -> bool:
    """Whether the CLI would go to this address without being told."""
    try:
        return find().url == url
    except AttuneError:
        return False
