"""Pack directories under development: registered at the start, and again whenever a file in them changes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from attune_client import AsyncAttune
from attune_client.archive import pack_files
from attune_core.errors import AttuneError

LOOK_SECONDS = 1.0


class PackWatcher:
    """`tell` gets a sentence per registration, `warn` an error with all its problems."""

    def __init__(
        self,
        attune: AsyncAttune,
        roots: Sequence[Path],
        tell: Callable[[str], None],
        warn: Callable[[AttuneError], object],
    ) -> None:
        self._attune = attune
        self._roots = roots
        self._tell = tell
        self._warn = warn
        self._seen: dict[Path, str] = {}

    async def register_changed(self) -> None:
        """Register every pack whose files are not those of the last time. Never raises for a bad pack."""
        for root in self._roots:
            try:
                state = await asyncio.to_thread(fingerprint, root)
                if self._seen.get(root) != state:
                    self._seen[root] = state
                    await self._register(root)
            except AttuneError as problem:
                self._tell(f"pack {root} is not registered:")
                self._warn(problem)
            except OSError as problem:
                self._tell(f"pack {root} cannot be read: {problem}")

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.register_changed()

    async def _register(self, root: Path) -> None:
        pack = await self._attune.packs.register(root)
        self._tell(f"pack {pack.get('ref')} {pack.get('version')} is registered ({root})")


def fingerprint(root: Path) -> str:
    """Changes when a file of the pack does. Errors: NotAPack."""
    digest = hashlib.sha256()
    for name, content in pack_files(root).items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
