"""Reading a folder on this machine, for `attune dev` and for the core pack."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from attune_api.packfiles.collected import BadArchive, Collected
from attune_api.packfiles.tar import CHUNK

_SKIPPED = frozenset({".git", ".venv", "__pycache__", "node_modules"})


def read(folder: Path, into: Collected) -> None:
    """Files and folders below; names that start with a dot are left out. Errors: BadArchive."""
    if not folder.is_dir():
        raise BadArchive(f"{folder} is no folder", hint="give the folder that holds pack.yaml")
    try:
        _walk(folder, "", into)
    except OSError as problem:
        raise BadArchive(f"the folder cannot be read: {problem.strerror}: {problem.filename}") from problem


def _walk(folder: Path, prefix: str, into: Collected) -> None:
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.name in _SKIPPED or entry.name.startswith("."):
            continue
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            into.add_folder(name)
            _walk(Path(entry.path), f"{name}/", into)
        else:
            into.add_file(name, _content(entry.path, name))


def _content(path: str, name: str) -> Iterator[bytes]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        raise BadArchive(f"{name!r} cannot be read: {problem.strerror}", hint="no links, no devices") from problem
    with os.fdopen(handle, "rb") as source:
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise BadArchive(f"{name!r} is neither a plain file nor a folder", hint="no links, no devices")
        while chunk := source.read(CHUNK):
            yield chunk
