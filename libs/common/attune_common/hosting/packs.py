"""The files of packs: fetched once per digest from the API, kept for as long as the folder is."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from pathlib import Path

from attune_common.hosting.archive import unpack
from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.patience import Unanswered, answer
from attune_common.hosting.outgoing.request import HttpRequest, bearer
from attune_common.hosting.single import SingleFlight
from attune_common.runtime import logging
from attune_common.runtime.settings import Settings

_DIGEST = re.compile(r"[0-9a-f]{16,128}\Z")
_FETCH_SECONDS = 60.0
log = logging.get("attune.packs")


class Packs:
    """Folders of pack contents by digest, shared by all workers that share the data directory."""

    def __init__(self, settings: Settings, api: HttpClient) -> None:
        self._settings, self._api = settings, api
        self._root = settings.data_dir / "worker" / "packs"
        self._flights: SingleFlight[str, Path] = SingleFlight()

    async def folder(self, ref: str, digest: str) -> Path:
        """The folder with the content. Errors: ActionFailure `pack_unavailable`, `invalid_pack`."""
        plain = digest.removeprefix("sha256:")
        if not _DIGEST.match(plain):
            raise ActionFailure("pack_unavailable", f"the job names no content of the pack {ref!r}")
        place = self._root / plain
        if place.is_dir():
            return place
        return await self._flights.do(plain, lambda: self._fetch(ref, digest, place))

    async def stop(self) -> None:
        """Give up what is under way."""
        await self._flights.stop()

    async def _fetch(self, ref: str, digest: str, place: Path) -> Path:
        archive = await self._download(ref, digest)
        await asyncio.to_thread(self._install, archive, place)
        log.info("pack_fetched", pack=ref, digest=digest, bytes=len(archive))
        return place

    def _install(self, archive: bytes, place: Path) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=self._root))
        try:
            unpack(archive, temporary, self._settings.limits)
            temporary.chmod(0o755)
            if not place.exists():
                os.rename(temporary, place)
        except OSError:
            if not place.is_dir():
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    async def _download(self, ref: str, digest: str) -> bytes:
        try:
            response = await answer(self._api, self._request(digest), self._settings.api_patience)
        except Unanswered as away:
            raise _unavailable(ref, away.message) from away
        if response.status != 200:
            raise _unavailable(ref, f"the API answered {response.status}")
        return response.body

    def _request(self, digest: str) -> HttpRequest:
        return HttpRequest(
            "GET",
            f"{self._settings.api_url}/api/v1/packs/content/{digest}",
            headers=bearer(self._settings.api_token),
            timeout=_FETCH_SECONDS,
            max_bytes=self._settings.limits.pack_unpacked_bytes,
        )


def _unavailable(ref: str, problem: str) -> ActionFailure:
    return ActionFailure("pack_unavailable", f"the files of the pack {ref!r} could not be fetched: {problem}")
