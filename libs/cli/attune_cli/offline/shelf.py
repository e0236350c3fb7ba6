"""Packs on the disk, and what they know of each other. The core pack is always among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from attune_client.archive import pack_files
from attune_common.runtime import resources
from attune_core.definition.known import Known
from attune_core.errors import DefinitionError, Problem
from attune_core.packs.bundle import Bundle, read_bundle
from attune_core.rehearsal.cases import Case, read_cases
from attune_core.rehearsal.catalogue import Catalogue, catalogue_of

MANIFEST = "pack.yaml"
FOLDERS = ("workflows", "actions", "triggers", "rules", "sensors", "policies", "tests")
_SKIPPED = ("node_modules", "__pycache__", "venv")
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Shelved:
    """A pack as it lies there. `bundle` is None when it has errors; `problems` are warnings then too.

    The files of the problems are paths as they were given, so that editors find them.
    """

    root: Path
    files: Mapping[str, bytes]
    bundle: Bundle | None
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    packs: tuple[Shelved, ...]
    catalogue: Catalogue


def read_shelf(roots: Iterable[Path]) -> Shelf:
    """The packs in these directories; they may use each other. Errors: NotAPack."""
    files = {root: pack_files(root) for root in roots}
    first = [bundle for content in files.values() if (bundle := _try(content, _known([])))]
    known = _known(first)
    packs = [_shelve(root, content, known, first) for root, content in files.items()]
    return Shelf(tuple(packs), _catalogue(first))


@cache
def core_bundle() -> Bundle:
    return read_bundle(pack_files(resources.path("packs/core")))


def core_known() -> Known:
    return _known([])


def roots_below(directory: Path) -> list[Path]:
    """The packs at or below a directory; a pack holds no other packs."""
    if (directory / MANIFEST).is_file():
        return [directory]
    return [root for child in _visible(directory) if child.is_dir() for root in roots_below(child)]


def root_above(path: Path) -> Path | None:
    """The pack that a directory, or a file directly in one of the pack's folders, belongs to."""
    absolute = path.absolute()
    if absolute.is_dir():
        near = [absolute] if (absolute / MANIFEST).is_file() else [absolute.parent][: absolute.name in FOLDERS]
    else:
        near = [absolute.parent.parent] if absolute.parent.name in FOLDERS else [absolute.parent][: _is_head(absolute)]
    found = next((root for root in near if (root / MANIFEST).is_file()), None)
    return None if found is None else _as_given(found, path)


def _is_head(path: Path) -> bool:
    return path.stem in ("pack", "config") and path.suffix in _SUFFIXES


def loose_files(directory: Path) -> Iterator[Path]:
    """The YAML files at or below a directory that belong to no pack."""
    if (directory / MANIFEST).is_file():
        return
    for child in _visible(directory):
        if child.is_dir():
            yield from loose_files(child)
        elif child.suffix in _SUFFIXES:
            yield child


def _visible(directory: Path) -> list[Path]:
    """Neither hidden nor somebody else's; links to directories may lead in circles."""
    found = (child for child in sorted(directory.iterdir()) if child.name not in _SKIPPED)
    return [child for child in found if not child.name.startswith(".") and not (child.is_symlink() and child.is_dir())]


def _as_given(root: Path, path: Path) -> Path:
    """The root spelled like the path: relative when the path is."""
    if path.is_absolute():
        return root
    import os

    return Path(os.path.relpath(root))


def _known(bundles: list[Bundle]) -> Known:
    around = _catalogue(bundles).known()
    triggers = [trigger for bundle in (core_bundle(), *bundles) for trigger in bundle.triggers]
    timers = frozenset(trigger.ref for trigger in triggers if trigger.is_set_by_rules)
    return replace(around, triggers=frozenset(trigger.ref for trigger in triggers), timers=timers)


def _catalogue(bundles: list[Bundle]) -> Catalogue:
    return catalogue_of([core_bundle(), *bundles])


def _try(files: Mapping[str, bytes], known: Known) -> Bundle | None:
    try:
        return read_bundle(files, known)
    except DefinitionError:
        return None


def _shelve(root: Path, files: Mapping[str, bytes], known: Known, around: list[Bundle]) -> Shelved:
    bundle: Bundle | None = None
    cases: list[Case] = []
    try:
        bundle = read_bundle(files, known)
        problems = list(bundle.warnings)
        cases = read_cases(files, bundle, _catalogue([*around, bundle]))
    except DefinitionError as error:
        problems = [*(bundle.warnings if bundle else ()), *error.problems]
    placed = tuple(placed_in(root, problem) for problem in problems)
    return Shelved(root, files, bundle, tuple(cases), placed)


def placed_in(root: Path, problem: Problem) -> Problem:
    """The problem with the file's path from here instead of from the pack's root."""
    return replace(problem, file=str(root / problem.file))
