"""Where a cluster lies: below the data directory, or in a reachable folder when its user cannot get there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from attune_common.store.embedded.account import Account, choose
from attune_common.store.embedded.errors import EmbeddedError

_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET = 100
_ELSEWHERE = Path("/var/lib/attune")


@dataclass(frozen=True, slots=True)
class Place:
    """`home` holds the cluster in `data`, its log and its password; `sockets` its socket.

    `notice` is a sentence for the user when `home` is not where the data directory is, else empty.
    """

    home: Path
    sockets: Path
    account: Account
    notice: str = ""

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def password(self) -> Path:
        return self.home / "password"


def settle(data_dir: Path) -> Place:
    """The place for the cluster of `data_dir`, its folders made: where it is, when there is one already.

    Errors: EmbeddedError, OSError.
    """
    wanted = data_dir.absolute() / "postgres"
    account = choose(wanted / "data")
    homes = (wanted, _elsewhere(wanted)) if account.foreign else (wanted,)
    made = [home for home in homes if (home / "data" / "PG_VERSION").exists()]
    for home in made or homes:
        if account.reaches(home / "data"):
            _make(home)
        if account.reaches(home / "data") and home.is_dir():
            _distrust(home, wanted)
            account = choose(home / "data")
            return Place(home, _sockets(home, account), account, _notice(wanted, home))
    raise EmbeddedError(
        f"user {account.uid}, who is to run PostgreSQL, cannot reach {wanted}",
        hint="choose a --data-dir whose parent folders everybody may enter",
        path=str(wanted),
    )


def _elsewhere(wanted: Path) -> Path:
    """Where a cluster lies that its user could not reach otherwise; what is temporary stays so."""
    temporary = Path(tempfile.gettempdir())
    if wanted.is_relative_to(temporary):
        return temporary / f"attune-{os.geteuid()}-{_digest(wanted)}"
    return _ELSEWHERE / _digest(wanted)


def _make(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
    except OSError as problem:
        raise EmbeddedError(
            f"the folder for the database cannot be made: {problem}",
            hint="choose another --data-dir, or set ATTUNE_DATABASE_URL",
            path=str(home),
        ) from problem


def _distrust(home: Path, wanted: Path) -> None:
    """Another place has a name that others can foretell: they may have made it first."""
    if home != wanted and (home.is_symlink() or home.stat().st_uid != os.geteuid()):
        raise EmbeddedError(
            f"{home} should hold the database and belongs to somebody else",
            hint="remove it, or choose another --data-dir",
            path=str(home),
        )


def _notice(wanted: Path, home: Path) -> str:
    if home == wanted:
        return ""
    return f"PostgreSQL does not run as root and its user cannot reach {wanted}: the database is in {home}"


def _sockets(home: Path, account: Account) -> Path:
    """A folder whose socket's path fits into the 107 bytes that the kernel allows."""
    near = home / "run"
    folder = near if len(os.fsencode(near / _SOCKET_NAME)) <= _LONGEST_SOCKET else _short(home, account)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.owns(folder)
    if folder.is_symlink() or folder.stat().st_uid != account.uid:
        raise EmbeddedError(
            f"{folder} should hold the database's socket and belongs to somebody else",
            hint="remove it, or choose a shorter --data-dir",
            path=str(folder),
        )
    return folder


def _short(home: Path, account: Account) -> Path:
    base = Path("/tmp")
    if not base.is_dir():
        base = Path(tempfile.gettempdir())
    return base / f"attune-{account.uid}-{_digest(home)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
