"""Archives from anyone: good ones give their files, all others are refused before anything is kept."""

from __future__ import annotations

import random
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from attune_api.packfiles.archives import canonical, read_folder, unpack
from attune_api.packfiles.collected import BadArchive
from attune_common.runtime.limits import MIB, Limits
from tests.unit.api.archives_made import tar_bomb, tar_gz, tar_member, zipped

LIMITS = Limits()
FILES = {"pack.yaml": b"ref: a\n", "actions/run.sh": b"#!/bin/sh\n", "lib/a.py": b""}


@pytest.mark.parametrize("pack", [tar_gz, zipped])
def test_files_come_out_as_they_went_in(pack) -> None:
    assert unpack(pack(FILES), LIMITS) == FILES


def test_a_folder_around_everything_is_taken_off() -> None:
    assert unpack(tar_gz({f"./my_pack/{name}": content for name, content in FILES.items()}), LIMITS) == FILES


def test_what_no_pack_needs_is_left_out() -> None:
    junk = {".git/config": b"", "actions/__pycache__/x.pyc": b"", "a.pyc": b"", "__MACOSX/pack.yaml": b""}
    assert unpack(zipped(FILES | junk), LIMITS) == FILES


def test_the_canonical_archive_depends_on_nothing_but_the_files() -> None:
    backwards = dict(reversed(FILES.items()))
    assert canonical(FILES) == canonical(backwards)
    assert unpack(canonical(FILES), LIMITS) == FILES


def test_scripts_keep_their_right_to_run(tmp_path: Path) -> None:
    packed = tmp_path / "pack.tar.gz"
    packed.write_bytes(canonical(FILES))
    with tarfile.open(packed) as archive:
        modes = {member.name: member.mode for member in archive}
    assert modes == {"actions/run.sh": 0o755, "lib/a.py": 0o644, "pack.yaml": 0o644}


BAD_NAMES = [
    "../evil", "a/../../evil", "/etc/passwd", "a//b", "a/./b", "a\\b", "C:x", "a\nb", "\u00e4", "a b",
    "x" * 101, "/".join(["abcdefgh"] * 40), "..", ".../../x", "a/..", "~$*",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("pack", [tar_gz, zipped])
def test_names_that_lead_elsewhere(pack, name: str) -> None:
    with pytest.raises(BadArchive):
        unpack(pack({name: b"x"}), LIMITS)


def test_a_zip_name_with_nul_is_not_cut_there() -> None:
    with pytest.raises(BadArchive):
        unpack(zipped({"aXb": b""}).replace(b"aXb", b"a\x00b"), LIMITS)


@pytest.mark.parametrize(
    "files",
    [{"A": b"", "a": b""}, {"a": b"", "a/b": b""}, {"a/b": b"", "A/c": b""}, {"a/b/c": b"", "a/B/d": b""}],
)
@pytest.mark.parametrize("pack", [tar_gz, zipped])
def test_names_that_are_one_where_case_does_not_count(pack, files: dict[str, bytes]) -> None:
    with pytest.raises(BadArchive, match="collides"):
        unpack(pack(files), LIMITS)


def test_the_same_name_twice() -> None:
    twice = tar_gz({"a": b"1"}, tar_member("./a", tarfile.REGTYPE))
    with pytest.raises(BadArchive, match="twice"):
        unpack(twice, LIMITS)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z"]
)
def test_tar_members_that_are_no_files(kind: bytes) -> None:
    with pytest.raises(BadArchive, match="neither a plain file nor a folder"):
        unpack(tar_gz({"a": b"x"}, tar_member("link", kind, "a")), LIMITS)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_zip_entries_that_are_no_files(kind: int) -> None:
    def change(entry: zipfile.ZipInfo) -> None:
        entry.external_attr = (kind | 0o644) << 16

    with pytest.raises(BadArchive, match="neither a plain file nor a folder"):
        unpack(zipped({"a": b"x"}, change), LIMITS)


def test_an_encrypted_entry() -> None:
    packed = bytearray(zipped({"a": b"x"}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        packed[packed.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    with pytest.raises(BadArchive, match="encrypted"):
        unpack(bytes(packed), LIMITS)


def test_a_bomb_is_stopped_while_it_unpacks() -> None:
    small = Limits(pack_unpacked_bytes=8 * MIB)
    for packed in (tar_bomb(64 * MIB), zipped({"zeros": bytes(64 * MIB)})):
        with pytest.raises(BadArchive, match=r"larger|more than"):
            unpack(packed, small)


def test_a_zip_entry_that_lies_about_its_size() -> None:
    packed = bytearray(zipped({"zeros": bytes(4 * MIB)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = packed.index(mark) + offset
        packed[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(BadArchive):
        unpack(bytes(packed), Limits(pack_unpacked_bytes=MIB))


@pytest.mark.parametrize("pack", [tar_gz, zipped])
def test_too_many_files(pack) -> None:
    few = Limits(pack_files=10)
    assert len(unpack(pack({f"f{n}": b"" for n in range(10)}), few)) == 10
    with pytest.raises(BadArchive, match="more than 10 files"):
        unpack(pack({f"f{n}": b"" for n in range(11)}), few)


@pytest.mark.parametrize("packed", [b"", b"x", b"PK", b"\x1f\x8b", b"PK\x05\x06", b"\x1f\x8b\x08" + bytes(20), b"BZh9"])
def test_what_is_no_archive(packed: bytes) -> None:
    with pytest.raises(BadArchive):
        unpack(packed, LIMITS)


@pytest.mark.parametrize("pack", [tar_gz, zipped])
def test_truncated_anywhere(pack) -> None:
    packed = pack({"pack.yaml": bytes(random.Random(1).randbytes(3000)), "b": b"x" * 2000})
    for length in range(0, len(packed) - 1, max(1, len(packed) // 60)):
        with pytest.raises(BadArchive):
            unpack(packed[:length], LIMITS)


@pytest.mark.parametrize("pack", [tar_gz, zipped])
def test_flipped_bits_never_crash(pack) -> None:
    dice, whole = random.Random(7), pack(FILES)
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)
        with suppress(BadArchive):
            unpack(bytes(broken), LIMITS)


def test_a_local_folder_gives_its_files(tmp_path: Path) -> None:
    for name, content in (FILES | {".hidden": b"x", "__pycache__/x": b"x"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert read_folder(tmp_path, LIMITS) == FILES


def test_a_local_folder_with_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_bytes(b"")
    (tmp_path / "secret").symlink_to("/etc/hostname")
    with pytest.raises(BadArchive, match="secret"):
        read_folder(tmp_path, LIMITS)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="no folder"):
        read_folder(tmp_path / "none", LIMITS)
