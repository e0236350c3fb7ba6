"""An embedded PostgreSQL: made once below a data directory, started and stopped with the process that uses it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from attune_common.runtime import logging
from attune_common.store.embedded import binaries, process
from attune_common.store.embedded.binaries import Binaries
from attune_common.store.embedded.errors import EmbeddedError
from attune_common.store.embedded.place import Place, settle

_USER = _DATABASE = "attune"
_START = 60.0
_STOP = 20.0
_LOG_KEPT = 10 * 1024 * 1024
_OPTIONS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "logging_collector": "off",
    "max_connections": "100",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_naptime": "10s",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "huge_pages": "off",
}
_log = logging.get("attune.store.embedded")


class EmbeddedPostgres:
    """A cluster in `data_dir`. Blocking: call it from a thread when an event loop runs.

    It listens on a unix socket alone, asks for a password, keeps fsync on, and ends with this process, however
    that ends. `options` are settings of PostgreSQL that win over ours.
    """

    def __init__(self, data_dir: Path, *, options: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.notice = ""
        self._options = dict(options or {})
        self._place: Place | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def start(self) -> str:
        """Make the cluster if there is none, start it, return the DSN of its database `attune`.

        A server that an earlier process left behind is stopped first. Errors: EmbeddedError.
        """
        place = settle(self.data_dir)
        self._place, self.notice = place, place.notice
        if place.notice:
            _log.warning("database elsewhere", detail=place.notice)
        self._lock = _take_lock(place)
        try:
            programs = _programs(place)
            _end_leftover(place)
            password = _password(place)
            if not (place.data / "PG_VERSION").exists():
                _make(place, programs, password)
            self._launch(place, programs)
        except BaseException:
            self.stop()
            raise
        return f"postgresql://{_USER}:{password}@/{_DATABASE}?host={place.sockets}"

    def stop(self) -> None:
        """Stop the server (fast, within seconds) and let another process have the cluster. May be repeated."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None and self._place is not None:
            _end(keeper, self._place)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def running(self) -> bool:
        """Whether the server takes connections, as far as its pid file tells."""
        if self._keeper is None or self._place is None or self._keeper.poll() is not None:
            return False
        noted = process.read_pid_file(self._place.data)
        return noted is not None and noted.ready and process.is_server(noted.pid, self._place.data)

    def restart(self) -> None:
        """Start the server again after it was killed under us. The DSN stays. Errors: EmbeddedError."""
        place, lock = self._place, self._lock
        if place is None or lock is None:
            raise EmbeddedError("the embedded PostgreSQL was not started", hint="call start first")
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            _end(keeper, place)
        _end_leftover(place)
        self._launch(place, _programs(place))

    def _launch(self, place: Place, programs: Binaries) -> None:
        settings = {**_OPTIONS, "unix_socket_directories": str(place.sockets), **self._options}
        command = [programs.postgres, "-D", str(place.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        if place.log.exists() and place.log.stat().st_size > _LOG_KEPT:
            place.log.unlink()
        with place.log.open("ab") as output:
            keeper = process.spawn(command, place.account, output)
        self._keeper = keeper
        if not process.wait_for(lambda: self.running or keeper.poll() is not None, _START) or not self.running:
            raise EmbeddedError(
                f"PostgreSQL did not start: {_tail(place.log)}", hint=f"see {place.log}", path=str(place.data)
            )


def _take_lock(place: Place) -> IO[str]:
    lock = (place.home / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise EmbeddedError(
            f"another process uses the database in {place.home}",
            code="embedded_postgres_in_use",
            hint="stop it, or choose another --data-dir",
            path=str(place.home),
        ) from None
    return lock


def _programs(place: Place) -> Binaries:
    """Programs of the version that the cluster was made with, where its user can run them."""
    version = place.data / "PG_VERSION"
    major = int(version.read_text().split(".")[0]) if version.exists() else None
    reaches = place.account.reaches
    found = binaries.find(major, lambda each: each.root is not None or reaches(each.folder / "postgres"))
    return found if reaches(found.folder / "postgres") else binaries.copy_to(found, place.home)


def _end_leftover(place: Place) -> None:
    """End a server whose keeper was killed with its parent, and drop a pid file that names something else."""
    noted = process.read_pid_file(place.data)
    if noted is None:
        return
    if process.is_server(noted.pid, place.data):
        process.end_server(noted.pid, place.data)
    with contextlib.suppress(FileNotFoundError):
        (place.data / "postmaster.pid").unlink()


def _password(place: Place) -> str:
    if not place.password.exists():
        draft = place.password.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        draft.rename(place.password)
    return place.password.read_text().strip()


def _make(place: Place, programs: Binaries, password: str) -> None:
    """Make the cluster with its database in a draft folder, which gets its name when it is whole."""
    work = place.home / "draft"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    place.account.owns(work)
    secret = work / "password"
    secret.write_text(password)
    place.account.owns(secret)
    draft = work / "data"
    _check(process.run(_initdb(programs, draft, secret), place.account), "initdb")
    single = [programs.postgres, "--single", "-D", str(draft), "-c", "exit_on_error=true", "postgres"]
    _check(process.run(single, place.account, f"CREATE DATABASE {_DATABASE}\n"), "CREATE DATABASE")
    draft.rename(place.data)
    shutil.rmtree(work, ignore_errors=True)


def _initdb(programs: Binaries, data: Path, secret: Path) -> list[str]:
    return [
        programs.initdb,
        f"--pgdata={data}",
        f"--username={_USER}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
    ]


def _check(outcome: subprocess.CompletedProcess[str], step: str) -> None:
    if outcome.returncode:
        text = (outcome.stderr or outcome.stdout).strip()[-800:]
        raise EmbeddedError(f"{step} failed: {text}", hint="set ATTUNE_DATABASE_URL to use another PostgreSQL")


def _end(keeper: subprocess.Popen[bytes], place: Place) -> None:
    """Close the keeper's pipe, which asks the server to stop; insist when it does not."""
    if keeper.stdin is not None:
        with contextlib.suppress(OSError):
            keeper.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(_STOP)
        return
    noted = process.read_pid_file(place.data)
    if noted is not None:
        process.end_server(noted.pid, place.data)
    keeper.kill()
    keeper.wait()


def _tail(log: Path) -> str:
    try:
        return " | ".join(log.read_text(errors="replace").splitlines()[-6:])
    except OSError:
        return "it left no log"
