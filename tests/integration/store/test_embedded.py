"""The embedded PostgreSQL through everything that may happen to it and to the process that uses it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.postgres import execute, fetch
from tests.support.servers import run
from tests.support.waiting import until_sync

from attune_common.store.embedded import account, binaries, place, process
from attune_common.store.embedded.cluster import EmbeddedPostgres
from attune_common.store.embedded.errors import EmbeddedError

_PARENT = """
import sys, time
from pathlib import Path
from attune_common.store.embedded.cluster import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
print(postgres.start(), postgres._keeper.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter: pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="attune-embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[tuple[EmbeddedPostgres, str]]:
    postgres = EmbeddedPostgres(folder)
    try:
        yield postgres, postgres.start()
    finally:
        postgres.stop()


def _remember(dsn: str) -> None:
    run(execute(dsn, "CREATE TABLE IF NOT EXISTS note (n INT)", "INSERT INTO note VALUES (1)"))


def _remembered(dsn: str) -> int:
    return int(run(fetch(dsn, "SELECT count(*) FROM note")))


def _server_pid(folder: Path) -> int:
    noted = process.read_pid_file(folder / "postgres" / "data")
    assert noted is not None
    return noted.pid


def test_data_survives_stop_and_start(folder: Path) -> None:
    with _started(folder) as (postgres, dsn):
        assert postgres.running
        assert run(fetch(dsn, "SHOW fsync")) == "on"
        assert run(fetch(dsn, "SHOW listen_addresses")) == ""
        _remember(dsn)
    assert not postgres.running
    with _started(folder) as (_, again):
        assert again == dsn
        assert _remembered(dsn) == 1


def test_a_killed_server_is_started_again_with_its_data(folder: Path) -> None:
    with _started(folder) as (postgres, dsn):
        _remember(dsn)
        os.kill(_server_pid(folder), signal.SIGKILL)
        until_sync(lambda: not postgres.running, describe="the server's end")
        postgres.restart()
        assert postgres.running
        assert _remembered(dsn) == 1


def test_it_asks_for_the_password(folder: Path) -> None:
    with _started(folder) as (_, dsn), pytest.raises(Exception, match="password authentication failed"):
        run(fetch(dsn.replace("attune:", "attune:x"), "SELECT 1"))


@contextlib.contextmanager
def _parent(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Another process that uses the cluster: itself, the DSN, the keeper's pid."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(folder)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout is not None
    try:
        dsn, keeper = parent.stdout.readline().split()
        yield parent, dsn, int(keeper)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()


def test_it_ends_with_its_killed_parent(folder: Path) -> None:
    with _parent(folder) as (parent, dsn, _):
        _remember(dsn)
        pid = _server_pid(folder)
        parent.kill()
        until_sync(lambda: not process.is_server(pid, folder), describe="the orphan's end")
    with _started(folder) as (_, dsn):
        assert _remembered(dsn) == 1


def test_a_server_without_parent_and_keeper_is_replaced(folder: Path) -> None:
    with _parent(folder) as (parent, dsn, keeper):
        _remember(dsn)
        orphan = _server_pid(folder)
        for pid in _shells(keeper):
            os.kill(pid, signal.SIGKILL)
        parent.kill()
        parent.wait()
        assert process.is_server(orphan, folder)
    with _started(folder) as (_, dsn):
        assert _server_pid(folder) != orphan
        assert not process.is_server(orphan, folder)
        assert _remembered(dsn) == 1


def _shells(keeper: int) -> list[int]:
    """The keeper and its reader."""
    found = [keeper]
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = entry.read_text().partition("(")[2].rpartition(")")
            if int(rest.split()[1]) == keeper and "postgres" not in name:
                found.append(int(entry.parent.name))
    return found


def test_one_cluster_has_one_user_at_a_time(folder: Path) -> None:
    with _started(folder), pytest.raises(EmbeddedError) as refused:
        EmbeddedPostgres(folder).start()
    assert refused.value.code == "embedded_postgres_in_use"


def test_a_pid_file_that_names_another_process_does_not_stop_the_start(folder: Path) -> None:
    with _started(folder) as (_, dsn):
        _remember(dsn)
        text = (folder / "postgres/data/postmaster.pid").read_text()
    stale = folder / "postgres/data/postmaster.pid"
    stale.write_text(text.replace(text.split("\n", 1)[0], str(os.getpid()), 1))
    with _started(folder) as (_, dsn):
        assert _remembered(dsn) == 1


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    draft = folder / "postgres" / "draft" / "data"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with _started(folder) as (_, dsn):
        _remember(dsn)


def test_a_data_directory_with_a_long_path_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with _started(deep) as (postgres, dsn):
        _remember(dsn)
        sockets = Path(dsn.partition("host=")[2])
        assert len(str(sockets)) < 80
        assert postgres.running
    shutil.rmtree(sockets)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_root_runs_it_as_somebody_else(folder: Path) -> None:
    with _started(folder):
        assert (folder / "postgres/data").stat().st_uid != 0
        assert Path(f"/proc/{_server_pid(folder)}").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_root_with_a_closed_home_gets_another_place_and_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, reachable = folder / "closed", folder / "reachable"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(place, "_elsewhere", lambda wanted: reachable / "cluster")
    with _started(closed / "attune") as (postgres, dsn):
        _remember(dsn)
        assert str(reachable) in postgres.notice
    with _started(closed / "attune") as (_, again):
        assert _remembered(again) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_another_place_that_somebody_else_made_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, trap = folder / "closed", folder / "trap"
    closed.mkdir(mode=0o700)
    trap.mkdir()
    os.chown(trap, 12345, 12345)
    monkeypatch.setattr(place, "_elsewhere", lambda wanted: trap)
    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        EmbeddedPostgres(closed / "attune").start()


def test_what_is_temporary_stays_temporary(folder: Path) -> None:
    assert place._elsewhere(folder / "postgres").is_relative_to(tempfile.gettempdir())
    assert place._elsewhere(Path("/data/postgres")).is_relative_to("/var/lib/attune")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_a_closing_umask_of_root_does_not_lock_the_database_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_elsewhere", lambda wanted: folder / "reachable")
    (folder / "reachable").mkdir()
    before = os.umask(0o077)
    try:
        with _started(folder / "new" / "attune") as (_, dsn):
            _remember(dsn)
    finally:
        os.umask(before)


def test_a_data_directory_that_cannot_be_made_is_an_error_with_a_hint(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(EmbeddedError) as refused:
        EmbeddedPostgres(folder / "file" / "attune").start()
    assert "--data-dir" in refused.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_programs_that_the_user_cannot_reach_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = binaries.find()
    if found.root is None:
        pytest.skip("the wheel's programs are not here")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    unreachable = binaries.copy_to(found, closed)
    monkeypatch.setattr(binaries, "_in_wheel", lambda: iter([(unreachable.folder, unreachable.root)]))
    with _started(folder) as (_, dsn):
        _remember(dsn)
    assert (folder / "postgres" / f"postgresql-{found.major}").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as a common user already")
def test_a_common_user_runs_it_as_itself(folder: Path) -> None:
    nobody = account.choose(folder / "none")
    if not nobody.reaches(binaries.find().folder / "postgres"):
        pytest.skip("the programs lie in a folder that is closed to other users")
    os.chown(folder, nobody.uid, nobody.gid)
    assert _as_user(nobody.uid, lambda: _start_and_check(folder)) == 0
    assert (folder / "postgres/data").stat().st_uid == nobody.uid


def _start_and_check(folder: Path) -> None:
    with _started(folder) as (postgres, _):
        assert postgres.running
        assert postgres.notice == ""
    with _started(folder) as (postgres, _):
        assert postgres.running


def _as_user(uid: int, work: Callable[[], None]) -> int:
    """The exit status of `work` in a child of this process that has become `uid`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.environ["HOME"] = "/"
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
