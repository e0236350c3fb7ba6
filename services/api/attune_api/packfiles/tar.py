"""Reading tar.gz: member by member from a stream, so that nothing is unpacked that was not looked at."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator

from attune_api.packfiles.collected import BadArchive, Collected

CHUNK = 64 * 1024
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
_BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError, IndexError, KeyError)
_HEADERS = 16 * 1024 * 1024


class _Bounded(io.RawIOBase):
    """The unpacked stream, ending with a refusal when it gets longer than any allowed pack."""

    def __init__(self, packed: bytes, most: int) -> None:
        self._stream = gzip.GzipFile(fileobj=io.BytesIO(packed))
        self._left = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = CHUNK if size < 0 else size
        if wanted > self._left:
            raise BadArchive("the archive is larger unpacked than a pack may be", hint="see GET /api/v1/limits")
        data = self._stream.read(wanted)
        self._left -= len(data)
        return data


def read(packed: bytes, into: Collected) -> None:
    """Errors: BadArchive."""
    stream = _Bounded(packed, into.left + _HEADERS)
    try:
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
            for member in archive:
                _take(archive, member, into)
        while stream.read(CHUNK):
            pass
    except _BROKEN as problem:
        raise BadArchive(f"the archive is broken: {type(problem).__name__}") from problem


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, into: Collected) -> None:
    if member.isdir():
        into.add_folder(member.name)
        return
    if member.type not in _PLAIN or member.sparse is not None:
        raise BadArchive(f"{member.name[:120]!r} is neither a plain file nor a folder", hint="no links, no devices")
    if member.size > into.left:
        raise BadArchive(f"{member.name[:120]!r} is larger than a pack may be", hint="see GET /api/v1/limits")
    into.add_file(member.name, _content(archive, member))


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    source = archive.extractfile(member)
    assert source is not None
    got = 0
    while chunk := source.read(CHUNK):
        got += len(chunk)
        yield chunk
    if got != member.size:
        raise EOFError(member.name)
