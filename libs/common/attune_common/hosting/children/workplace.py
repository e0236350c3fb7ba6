"""A folder of its own for every attempt, gone when it ends; those of workers that died are cleared at a start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from attune_core.errors import AttuneError


@contextlib.asynccontextmanager
async def workplace(data_dir: Path, uid: int | None = None) -> AsyncIterator[Path]:
    """A private folder with `tmp` and `artifacts` in it, owned by `uid` when one is given."""
    home = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=_parent(data_dir)))
    try:
        for folder in (home, home / "tmp", home / "artifacts"):
            folder.mkdir(mode=0o700, exist_ok=True)
            if uid is not None:
                os.chown(folder, uid, uid)
        yield home
    finally:
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


def clear_leftovers(data_dir: Path) -> None:
    """Remove the folders of workers that are no more. Errors: AttuneError when there can be no folders at all."""
    for folder in _parent(data_dir).iterdir():
        owner = folder.name.split("-")[0]
        if owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            shutil.rmtree(folder, ignore_errors=True)


def _parent(data_dir: Path) -> Path:
    parent = data_dir / "worker" / "run"
    try:
        parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    except OSError as error:
        hint = "ATTUNE_DATA_DIR names the folder for packs and attempts; this user has to be able to write there"
        raise AttuneError(f"{parent} cannot be made: {error.strerror}", code="data_dir", hint=hint) from error
    return parent
