"""Opening a release's archive: plain files under safe names only, whatever the archive says."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

MAX_UNPACKED = 32 * 1024 * 1024


class BadArchive(ValueError):
    """The archive is no gzipped tar of plain files below 32 MiB."""


def unpack(data: bytes, target: Path) -> int:
    """Write the archive's files below `target`; return how many. Errors: BadArchive, nothing half-named."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            members = [member for member in archive.getmembers() if not member.isdir()]
            _check(members)
            for member in members:
                _write(archive, member, target)
    except tarfile.TarError as problem:
        raise BadArchive(f"not a gzipped tar: {problem}") from problem
    return len(members)


def _check(members: list[tarfile.TarInfo]) -> None:
    if sum(member.size for member in members) > MAX_UNPACKED:
        raise BadArchive("more than 32 MiB when unpacked")
    for member in members:
        path = PurePosixPath(member.name)
        if not member.isreg() or path.is_absolute() or ".." in path.parts:
            raise BadArchive(f"{member.name}: only plain files with relative names are taken")


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = archive.extractfile(member)
    path = target / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.read() if content else b"")
