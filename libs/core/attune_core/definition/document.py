"""A read file: its value as plain JSON, and where each part of it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from attune_core.errors import Problem

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Mark:
    """Where a value and (in a map) its key begin. Lines and columns count from 1."""

    line: int
    column: int
    key_line: int = 0
    key_column: int = 0
    children: dict[str | int, Mark] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    line: int = 0
    column: int = 0


class Places(Protocol):
    """Finds the place of a path. `on_key`: of the key instead of the value."""

    def place(self, path: Path, *, on_key: bool = False) -> Place: ...


@dataclass(frozen=True, slots=True)
class Unplaced:
    """For definitions that come from the database: the file is known, places are not."""

    file: str = ""

    def place(self, path: Path, *, on_key: bool = False) -> Place:
        return Place(self.file)


@dataclass(frozen=True, slots=True)
class Document:
    """`problems` are findings that did not stop the reading (duplicate keys, tags, ...)."""

    file: str
    value: dict[str, Any]
    marks: Mark
    problems: tuple[Problem, ...] = field(default=())

    def place(self, path: Path, *, on_key: bool = False) -> Place:
        """The place of the path, or of the closest part above it that is in the file."""
        mark, found = self.marks, True
        for step in path:
            child = mark.children.get(step) if mark.children else None
            if child is None:
                found = False
                break
            mark = child
        if on_key and found and mark.key_line:
            return Place(self.file, mark.key_line, mark.key_column)
        return Place(self.file, mark.line, mark.column)
