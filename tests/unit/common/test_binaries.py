"""The order in which PostgreSQL's programs are looked for, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from attune_common.store.embedded import binaries
from attune_common.store.embedded.account import Account
from attune_common.store.embedded.errors import EmbeddedError


def _installation(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def _no_wheel_nor_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_WHEEL", "no_such_package")
    monkeypatch.setattr(binaries.glob, "glob", lambda pattern: [])


def test_what_is_given_wins_over_the_path(tmp_path: Path) -> None:
    given, on_path = _installation(tmp_path / "given", "17.2"), _installation(tmp_path / "path", "15.9")
    environment = {"ATTUNE_PG_BIN": str(given), "PATH": f"{on_path}:/bin"}
    assert binaries.find(environment=environment) == binaries.Binaries(given, 17)
    assert binaries.find(environment={"PATH": f"{on_path}:/bin"}).major == 15


def test_the_wheel_wins_over_the_path_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "wheel_of_postgres"
    _installation(package / "pginstall" / "bin", "16.4")
    newest = _installation(package / "pginstall18" / "bin", "18.1")
    (package / "__init__.py").write_text("raise AssertionError('must not be imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(binaries, "_WHEEL", "wheel_of_postgres")
    on_path = _installation(tmp_path / "path", "15.9")
    environment = {"PATH": f"{on_path}:/bin"}
    assert binaries.find(environment=environment) == binaries.Binaries(newest, 18, tmp_path / "site")
    assert binaries.find(16, environment=environment).folder == package / "pginstall" / "bin"
    assert binaries.find(15, environment=environment).folder == on_path


def test_distributions_are_searched_last_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [_installation(tmp_path / major / "bin", f"{major}.1") for major in ("9", "15", "14")]
    monkeypatch.setattr(binaries.glob, "glob", lambda pattern: [str(each) for each in folders])
    assert binaries.find(environment={"PATH": "/bin"}).major == 15


def test_of_none_the_reasons_and_the_way_out_are_told(tmp_path: Path) -> None:
    broken, old = tmp_path / "broken", _installation(tmp_path / "old", "14.0")
    broken.mkdir()
    with pytest.raises(EmbeddedError, match="no working initdb") as refused:
        binaries.find(environment={"ATTUNE_PG_BIN": str(broken)})
    assert "ATTUNE_DATABASE_URL" in refused.value.hint
    with pytest.raises(EmbeddedError, match="version 14, but the data is of version 16"):
        binaries.find(16, environment={"ATTUNE_PG_BIN": str(old)})
    with pytest.raises(EmbeddedError, match="cannot reach it"):
        binaries.find(usable=lambda _: False, environment={"ATTUNE_PG_BIN": str(old)})


def test_a_closed_folder_above_keeps_others_out(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = Account(54321, 54321, foreign=True)
    assert not stranger.reaches(closed / "inside")
    assert Account(54321, 54321, foreign=False).reaches(closed / "inside")
