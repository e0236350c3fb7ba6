"""Unpack a pack's archive: plain files and folders, at plain places, within limits. Never `extractall`."""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from attune_common.hosting.failure import ActionFailure
from attune_common.runtime.limits import Limits

_PART = re.compile(r"[A-Za-z0-9_.+@=,~ -]{1,255}\Z")
_CHUNK = 1024 * 1024
_MAX_DEPTH = 30


def unpack(archive: bytes, target: Path, limits: Limits) -> None:
    """Write the files of a tar.gz below `target`, which exists and is empty.

    Errors: ActionFailure `invalid_pack` for anything but files and folders, for places outside, for names that
    differ in case only, and beyond the limits. What was written by then is the caller's to remove.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r|gz") as tar:
            _Unpacking(target, limits).all(tar)
    except (tarfile.TarError, EOFError, OSError) as problem:
        raise ActionFailure("invalid_pack", f"the pack's archive cannot be read: {problem}") from problem


class _Unpacking:
    """One archive, with what it has taken so far."""

    def __init__(self, target: Path, limits: Limits) -> None:
        self._target, self._limits = target, limits
        self._seen: set[str] = set()
        self._bytes = 0

    def all(self, tar: tarfile.TarFile) -> None:
        for member in tar:
            place = self._place(member.name)
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
            elif member.isreg():
                self._register(member.name)
                self._write(tar, member, place)
            else:
                raise ActionFailure("invalid_pack", f"{member.name!r} is neither a file nor a folder")

    def _place(self, name: str) -> Path:
        path = PurePosixPath(name)
        parts = [part for part in path.parts if part != "."]
        plain = all(_PART.match(part) and part != ".." for part in parts)
        if path.is_absolute() or len(parts) > _MAX_DEPTH or not plain:
            raise ActionFailure("invalid_pack", f"the path {name!r} is not allowed in a pack")
        return self._target.joinpath(*parts)

    def _register(self, name: str) -> None:
        folded = str(PurePosixPath(name)).casefold()
        if folded in self._seen:
            raise ActionFailure("invalid_pack", f"{name!r} is there twice")
        self._seen.add(folded)
        if len(self._seen) > self._limits.pack_files:
            raise ActionFailure("invalid_pack", f"the pack has more than {self._limits.pack_files:,} files")

    def _write(self, tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o755 if member.mode & 0o111 else 0o644
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(place, flags, mode), "wb") as stream:
            for chunk in _chunks(tar, member):
                self._bytes += len(chunk)
                if self._bytes > self._limits.pack_unpacked_bytes:
                    raise ActionFailure("invalid_pack", "the pack is too large when unpacked")
                stream.write(chunk)
            os.fchmod(stream.fileno(), mode)


def _chunks(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    source = tar.extractfile(member)
    while source is not None and (chunk := source.read(_CHUNK)):
        yield chunk
