"""From an upload to the files of a pack, and from files to the one archive that workers fetch."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from attune_api.packfiles import folder as folders
from attune_api.packfiles import tar, zip
from attune_api.packfiles.collected import BadArchive, Collected
from attune_common.runtime.limits import Limits

_GZIP, _ZIP = b"\x1f\x8b", b"PK"


def unpack(packed: bytes, limits: Limits) -> dict[str, bytes]:
    """Path -> content of a tar.gz or zip, relative to the pack's root. Errors: BadArchive."""
    into = Collected(limits.pack_files, limits.pack_unpacked_bytes)
    if packed.startswith(_GZIP):
        tar.read(packed, into)
    elif packed.startswith(_ZIP):
        zip.read(packed, into, limits.pack_files)
    else:
        raise BadArchive("this is neither a tar.gz nor a zip", hint="pack the folder with `tar czf pack.tar.gz .`")
    return into.files()


def read_folder(folder: Path, limits: Limits) -> dict[str, bytes]:
    """The same for a folder on this machine. Errors: BadArchive."""
    into = Collected(limits.pack_files, limits.pack_unpacked_bytes)
    folders.read(folder, into)
    return into.files()


def canonical(files: Mapping[str, bytes]) -> bytes:
    """The same files always give the same tar.gz: sorted, no times, no owners, 0755 for scripts, else 0644."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(files):
            member = tarfile.TarInfo(path)
            member.size = len(files[path])
            member.mode = 0o755 if files[path].startswith(b"#!") else 0o644
            archive.addfile(member, io.BytesIO(files[path]))
    return packed.getvalue()
