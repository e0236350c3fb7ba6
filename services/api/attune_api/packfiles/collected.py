"""The files of a pack while they are collected: every name and size is checked before it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attune_api.errors import Invalid

_SEGMENT = re.compile(r"[A-Za-z0-9._+@=,~-]{1,100}\Z")
_MOST_PATH = 240
Files = dict[str, bytes]
"""Path -> content, relative to the root of the pack."""

_IGNORED = frozenset({".git", "__pycache__", ".DS_Store", "__MACOSX", ".venv", ".mypy_cache", ".pytest_cache"})


class BadArchive(Invalid):
    """The archive (or folder) is broken, or holds what no pack may hold. Nothing was stored."""

    code = "bad_archive"


class Collected:
    """`add_folder` and `add_file` refuse with BadArchive; `files()` is the result, relative to the pack's root."""

    def __init__(self, max_files: int, max_bytes: int) -> None:
        self._max_files, self._max_bytes = max_files, max_bytes
        self._files: dict[str, bytes] = {}
        self._spelled: dict[str, tuple[str, bool]] = {}
        self._entries = 0
        self.left = max_bytes

    def add_folder(self, name: str) -> None:
        self._count()
        path = checked_path(name)
        if path:
            self._claim(path, is_file=False)

    def add_file(self, name: str, chunks: Iterator[bytes]) -> None:
        """Keep a file; the bytes are counted while they come."""
        self._count()
        path = checked_path(name)
        if not path:
            raise BadArchive(f"{name!r} is no name for a file")
        self._claim(path, is_file=True)
        content = b"".join(self._counted(chunks))
        if not _IGNORED.intersection(path.split("/")) and not path.endswith(".pyc"):
            self._files[path] = content

    def files(self) -> dict[str, bytes]:
        """Path -> content. A single folder around everything is taken off."""
        if "pack.yaml" in self._files or not self._files:
            return self._files
        tops = {path.partition("/")[0] for path in self._files}
        if len(tops) > 1 or f"{next(iter(tops))}/pack.yaml" not in self._files:
            return self._files
        return {path.partition("/")[2]: content for path, content in self._files.items()}

    def _count(self) -> None:
        self._entries += 1
        if self._entries > self._max_files:
            raise BadArchive(f"more than {self._max_files:,} files", hint="see GET /api/v1/limits")

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.left -= len(chunk)
            if self.left < 0:
                raise BadArchive(f"more than {self._max_bytes:,} bytes unpacked", hint="see GET /api/v1/limits")
            yield chunk

    def _claim(self, path: str, *, is_file: bool) -> None:
        """Nothing may be two things on a file system that knows no case: a file and a folder, `A` and `a`."""
        steps = path.split("/")
        for depth in range(1, len(steps) + 1):
            part, is_leaf_file = "/".join(steps[:depth]), is_file and depth == len(steps)
            spelled = self._spelled.setdefault(part.casefold(), (part, is_leaf_file))
            if spelled != (part, is_leaf_file):
                raise BadArchive(f"{path!r} collides with {spelled[0]!r}", hint="names must differ beyond case")
        if is_file and path in self._files:
            raise BadArchive(f"{path!r} stands twice in the archive")


def checked_path(name: str) -> str:
    """The path without a leading `./` and a trailing slash; "" for the root. Errors: BadArchive."""
    path = name.removesuffix("/")
    while path.startswith("./"):
        path = path[2:]
    if path in ("", "."):
        if name.startswith("/"):
            raise BadArchive(f"the path {name!r} is absolute")
        return ""
    steps = path.split("/")
    if len(path) > _MOST_PATH or ".." in steps or "." in steps or not all(map(_SEGMENT.match, steps)):
        shown = name[:120].encode("ascii", "backslashreplace").decode()
        raise BadArchive(f"the path {shown!r} is not allowed", hint="relative paths of A-Z a-z 0-9 . _ + @ = , ~ -")
    return path
