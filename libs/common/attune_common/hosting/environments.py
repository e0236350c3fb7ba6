"""Python environments of packs: one per list of requirements, built once, however many jobs wait for it."""

from __future__ import annotations

import asyncio
import compileall
import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from py_compile import PycInvalidationMode

import attune_sdk
from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.installer import Installer, InstallFailed
from attune_common.hosting.lines import Progress
from attune_common.hosting.single import SingleFlight
from attune_common.runtime import logging

_READY = ".ready"
_LOCK_PAUSE = 0.1
log = logging.get("attune.environments")


class Environments:
    """Environments below `<data_dir>/worker/environments`, and the SDK by itself to put beside them."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / "worker" / "environments"
        self._data_dir = data_dir
        self._flights: SingleFlight[str, Path] = SingleFlight()
        self._sdk: Path | None = None
        self.builds = 0

    @property
    def sdk(self) -> Path:
        """A folder in which nothing but attune_sdk can be imported."""
        if self._sdk is None:
            self._sdk = _install_sdk(self._data_dir / "worker" / "sdk")
        return self._sdk

    async def python(self, pack: Path, digest: str, progress: Progress) -> Path | None:
        """The interpreter with the pack's requirements; None when it has none.

        Errors: ActionFailure `environment_failed` with the last lines of the installer.
        """
        requirements = read_requirements(pack)
        if requirements is None:
            return None
        key = environment_key(requirements, digest)
        python = self._root / key / "bin" / "python"
        if (self._root / key / _READY).exists():
            return python
        progress.system(_news(self._flights.under_way(key)))
        progress.flush()
        return await self._flights.do(key, lambda: self._build(key, pack, progress))

    async def stop(self) -> None:
        """Give up what is under way."""
        await self._flights.stop()

    async def _build(self, key: str, pack: Path, progress: Progress) -> Path:
        place = self._root / key
        async with _locked(self._root / f"{key}.lock"):
            if not (place / _READY).exists():
                await self._install(place, pack, progress)
        return place / "bin" / "python"

    async def _install(self, place: Path, pack: Path, progress: Progress) -> None:
        self.builds += 1
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
        try:
            await Installer(self._data_dir, progress).build(place, pack)
        except InstallFailed as failed:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
            raise ActionFailure("environment_failed", failed.message, output=failed.output) from failed
        (place / _READY).touch()
        progress.system("the environment is ready")
        log.info("environment_built", pack=os.fspath(pack), place=os.fspath(place))


def read_requirements(pack: Path) -> bytes | None:
    """What `requirements.txt` asks for; None when there is no such file or it has comments only."""
    try:
        text = (pack / "requirements.txt").read_bytes()
    except OSError:
        return None
    lines = [line.strip() for line in text.splitlines()]
    asked = [line for line in lines if line and not line.startswith(b"#")]
    return b"\n".join(asked) or None


def environment_key(requirements: bytes, digest: str) -> str:
    """The same for packs that ask for the same; requirements on files of the pack make it the pack's own."""
    local = any(
        line.startswith((b".", b"/", b"-", b"file:")) or b"@ file:" in line for line in requirements.split(b"\n")
    )
    basis = requirements + (digest.encode() if local else b"") + sys.version.encode()
    return hashlib.sha256(basis).hexdigest()[:32]


def _news(under_way: bool) -> str:
    if under_way:
        return "waiting for the pack's Python environment, which is being built"
    return "building the pack's Python environment"


def _install_sdk(folder: Path) -> Path:
    """A compiled copy: a pack's environment must not see what else is installed beside the SDK."""
    source = Path(attune_sdk.__file__).resolve().parent
    files = sorted(source.glob("*.py"))
    content = hashlib.sha256(b"".join(file.read_bytes() for file in files) + sys.version.encode())
    place = folder / content.hexdigest()[:16]
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        package = temporary / "attune_sdk"
        package.mkdir()
        for file in files:
            shutil.copyfile(file, package / file.name)
        compileall.compile_dir(package, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
        temporary.chmod(0o755)
        with contextlib.suppress(OSError):
            os.rename(temporary, place)
        shutil.rmtree(temporary, ignore_errors=True)
    return place


@contextlib.asynccontextmanager
async def _locked(file: Path) -> AsyncIterator[None]:
    """Hold the file's lock, against other workers on the same data directory."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOCK_PAUSE)
        yield
