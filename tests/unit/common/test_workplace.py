"""Where attempts have their folders: a data directory that cannot be is told of in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from attune_common.hosting.children.workplace import clear_leftovers
from attune_core.errors import AttuneError


def test_a_data_directory_that_cannot_be_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AttuneError, match="cannot be made") as refused:
        clear_leftovers(tmp_path / "file")
    assert (refused.value.code, "ATTUNE_DATA_DIR" in refused.value.hint) == ("data_dir", True)


def test_folders_of_workers_that_are_no_more_go(tmp_path: Path) -> None:
    gone, other = tmp_path / "worker/run/4194399-x", tmp_path / "worker/run/1-x"
    gone.mkdir(parents=True)
    other.mkdir()
    clear_leftovers(tmp_path)
    assert (gone.exists(), other.exists()) == (False, True)
