"""From a sensor's definition to a program that can be started: its files, its environment, its variables."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from attune_common.contracts.sensor import Start
from attune_common.hosting.environments import Environments
from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.lines import Progress
from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.packs import Packs
from attune_common.runtime.settings import Settings
from attune_sensor.process import Program

_SHELL = "/bin/sh"


class Programs:
    """Files and environments are shared with a worker on the same data directory."""

    def __init__(self, settings: Settings, client: HttpClient) -> None:
        self.settings = settings
        self._packs = Packs(settings, client)
        self._environments = Environments(settings.data_dir)

    async def stop(self) -> None:
        """Give up what is under way."""
        await self._packs.stop()
        await self._environments.stop()

    async def prepare(self, wanted: Start, home: Path, log: Progress) -> Program:
        """Errors: ActionFailure, e.g. `environment_failed`, `pack_unavailable`, `invalid_entry_point`."""
        pack = await self._packs.folder(wanted.pack_ref, wanted.pack_digest)
        if wanted.runtime == "python":
            arguments = await self._python(wanted, pack, log)
        elif wanted.runtime == "shell":
            arguments = _by_first_line(_file(pack, wanted.entry_point))
        else:
            raise ActionFailure("unknown_runtime", f"this service has no runtime {wanted.runtime!r} for sensors")
        return Program(arguments, home, self._variables(wanted, pack))

    async def _python(self, wanted: Start, pack: Path, log: Progress) -> list[str]:
        named, _, kind = wanted.entry_point.partition(":")
        file = _file(pack, named)
        python = await self._environments.python(pack, wanted.pack_digest, log)
        interpreter = [sys.executable, "-I", "-S"] if python is None else [os.fspath(python), "-I"]
        runner = self._environments.sdk / "attune_sdk" / "sensor_runner.py"
        return [*interpreter, "-B", "-u", os.fspath(runner), os.fspath(file), *([kind] if kind else [])]

    def _variables(self, wanted: Start, pack: Path) -> dict[str, str]:
        return {
            **wanted.env,
            "PYTHONPATH": os.fspath(self._environments.sdk),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ATTUNE_SENSOR": wanted.ref,
            "ATTUNE_PACK_REF": wanted.pack_ref,
            "ATTUNE_PACK_DIR": os.fspath(pack),
        }


def _file(pack: Path, named: str) -> Path:
    root = pack.resolve()
    found = (root / named).resolve() if "\0" not in named else root
    if not (found.is_file() and found.is_relative_to(root)):
        raise ActionFailure("invalid_entry_point", f"the pack has no file {named!r}")
    return found


def _by_first_line(file: Path) -> list[str]:
    """The interpreter of the `#!` line, sh without one; so that the file needs no permission to be executed."""
    with file.open("rb") as stream:
        line = stream.readline(256)
    interpreter = line[2:].decode("utf-8", "replace").split(None, 1) if line.startswith(b"#!") else [_SHELL]
    return [*(part.strip() for part in interpreter), os.fspath(file)]
