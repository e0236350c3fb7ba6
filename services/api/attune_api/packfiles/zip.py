"""Reading zip: the directory is checked before anything is inflated, and inflating is counted."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator

from attune_api.packfiles.collected import BadArchive, Collected
from attune_api.packfiles.tar import CHUNK

_ENTRY = b"PK\x01\x02"
_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, OSError, EOFError, ValueError,
    NotImplementedError, RuntimeError, OverflowError, IndexError, KeyError,
)  # fmt: skip


def read(packed: bytes, into: Collected, max_files: int) -> None:
    """Errors: BadArchive."""
    if packed.count(_ENTRY) > 2 * max_files:
        raise BadArchive(f"more than {max_files:,} files", hint="see GET /api/v1/limits")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for entry in archive.infolist():
                _take(archive, entry, into)
    except _BROKEN as problem:
        raise BadArchive(f"the archive is broken: {type(problem).__name__}") from problem


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Collected) -> None:
    name = entry.orig_filename
    _check(entry, name)
    if entry.is_dir():
        into.add_folder(name)
        return
    if entry.file_size > into.left:
        raise BadArchive(f"{name[:120]!r} is larger than a pack may be", hint="see GET /api/v1/limits")
    into.add_file(name, _content(archive, entry))


def _check(entry: zipfile.ZipInfo, name: str) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise BadArchive(f"{name[:120]!r} is encrypted")
    if entry.compress_type not in _KNOWN:
        raise BadArchive(f"{name[:120]!r} is packed in an unknown way", hint="use stored or deflated entries")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadArchive(f"{name[:120]!r} is neither a plain file nor a folder", hint="no links, no devices")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as source:
        while chunk := source.read(CHUNK):
            yield chunk
