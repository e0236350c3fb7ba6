"""What a check found, by path: places are looked up at the end, when the file is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from attune_core.definition.document import Path
from attune_core.definition.limits import MAX_PROBLEMS
from attune_core.errors import Severity
from attune_core.model.names import did_you_mean, shown

_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """`on_key`: it concerns the key of the path, not its value."""

    path: Path
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    on_key: bool = False


class Findings:
    """Collects up to MAX_PROBLEMS errors and as many warnings; more help nobody."""

    def __init__(self) -> None:
        self.all: list[Finding] = []
        self._counts = {Severity.ERROR: 0, Severity.WARNING: 0}

    @property
    def errors(self) -> int:
        return self._counts[Severity.ERROR]

    @property
    def full(self) -> bool:
        return not self.room(Severity.ERROR)

    def room(self, severity: Severity) -> bool:
        """Whether one more would be kept: ask before a hint that is dear to find."""
        return self._counts[severity] < MAX_PROBLEMS

    def error(self, path: Path, code: str, message: str, hint: str = "", *, on_key: bool = False) -> None:
        self._add(Finding(path, code, message, hint, Severity.ERROR, on_key))

    def warning(self, path: Path, code: str, message: str, hint: str = "", *, on_key: bool = False) -> None:
        self._add(Finding(path, code, message, hint, Severity.WARNING, on_key))

    def unknown_key(self, path: Path, key: str, known: Collection[str]) -> None:
        """An unknown key of the map at `path`, with the closest known one."""
        if not self.full:
            hint = did_you_mean(key, known, _listed(known))
            self.error((*path, key), "unknown_key", f"the key `{shown(key)}` is not known here", hint, on_key=True)

    def _add(self, finding: Finding) -> None:
        if self.room(finding.severity):
            self._counts[finding.severity] += 1
            self.all.append(finding)


def _listed(known: Collection[str]) -> str:
    names = sorted(known)
    more = ", ..." if len(names) > _LISTED else ""
    return f"known keys: {', '.join(names[:_LISTED])}{more}"
