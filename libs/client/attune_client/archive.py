"""Packing a pack's directory for its upload: the same files give the same bytes."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from attune_core.errors import AttuneError

_SKIPPED_NAMES = frozenset({"__pycache__", "node_modules"})


class NotAPack(AttuneError):
    """The directory holds no pack.yaml."""

    code = "not_a_pack"


def pack_files(root: Path) -> dict[str, bytes]:
    """Relative path (with `/`) -> content of the pack at `root`. Hidden and generated files are left out.

    Errors: NotAPack.
    """
    if not (root / "pack.yaml").is_file():
        hint = "give the directory that holds pack.yaml"
        raise NotAPack(f"{root} is not a pack: it has no pack.yaml", hint=hint)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not _skipped(path.relative_to(root))
    }


def archive(files: dict[str, bytes]) -> bytes:
    """A gzipped tar of the files without times and owners."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def _skipped(path: Path) -> bool:
    return any(part.startswith(".") or part in _SKIPPED_NAMES for part in path.parts) or path.suffix == ".pyc"
