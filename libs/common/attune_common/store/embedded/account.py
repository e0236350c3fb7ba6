"""Under which user PostgreSQL runs, and what that user can reach. PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from attune_common.store.embedded.errors import EmbeddedError

_NOBODY = ("nobody", "daemon", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """`foreign`: not the user of this process, so that children have to change to it."""

    uid: int
    gid: int
    foreign: bool

    def owns(self, path: Path) -> None:
        """Give `path` to the account."""
        if self.foreign:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether the account may pass through every folder above `path`, by their mode bits."""
        if not self.foreign:
            return True
        return all(self._passes(folder) for folder in path.absolute().parents if folder.is_dir())

    def _passes(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def choose(data: Path) -> Account:
    """This process's user; for root the owner of `data` if it exists, else a user without rights.

    No user is made. Errors: EmbeddedError when there is nobody to run as.
    """
    uid = os.geteuid()
    if uid != 0:
        return _self(uid, data)
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid, True)
    for name in _NOBODY:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, True)
    raise EmbeddedError(
        "PostgreSQL does not run as root and this system has no user 'nobody'",
        hint="start as another user, or set ATTUNE_DATABASE_URL",
    )


def _self(uid: int, data: Path) -> Account:
    if data.exists() and data.stat().st_uid != uid:
        raise EmbeddedError(
            f"{data} belongs to user {data.stat().st_uid}, this process runs as {uid}",
            hint="run as that user, or choose another --data-dir",
            path=str(data),
        )
    return Account(uid, os.getegid(), False)
