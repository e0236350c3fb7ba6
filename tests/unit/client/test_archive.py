"""What of a pack's directory goes up, and that the same files make the same archive."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from attune_client.archive import NotAPack, archive, pack_files
from attune_client.automation import sign


def _pack(root: Path) -> Path:
    for name in ("pack.yaml", "actions/a.py", ".git/config", "actions/__pycache__/a.pyc", ".venv/x", "lib/b.pyc"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_hidden_and_generated_files_stay_at_home(tmp_path: Path) -> None:
    assert sorted(pack_files(_pack(tmp_path))) == ["actions/a.py", "pack.yaml"]


def test_times_do_not_change_the_archive(tmp_path: Path) -> None:
    first = archive(pack_files(_pack(tmp_path)))
    os.utime(tmp_path / "pack.yaml", (1, 1))
    assert archive(pack_files(tmp_path)) == first
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert tar.getnames() == ["actions/a.py", "pack.yaml"]


def test_a_directory_without_a_manifest_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(NotAPack, match=r"no pack\.yaml"):
        pack_files(tmp_path)


def test_a_webhook_signature_covers_time_and_body() -> None:
    one = sign("secret", b"{}", at=1700000000)
    assert one == "t=1700000000,v1=" + one.partition("v1=")[2]
    assert len(one.partition("v1=")[2]) == 64
    others = {
        sign("secret", b"{ }", at=1700000000),
        sign("secret", b"{}", at=1700000001),
        sign("s", b"{}", at=1700000000),
    }
    assert one not in others
    assert len({other.partition("v1=")[2] for other in others}) == 3
