"""What can be wrong with something a user wrote, in the one form that every surface shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding in a file: where it stands, what is wrong and what to do next.

    `line` and `column` count from 1; 0 means the place is unknown. `path` is a JSON path such as
    `tasks[2].retry.count`. `code` is stable and documented (for example `unknown_key`).
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    path: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        whole = self.file or self.path or "the definition"
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{whole}: "
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.severity}: {self.message}{hint} [{self.code}]"


class AttuneError(Exception):
    """An error with a stable code, a sentence and a hint. The base of all errors a user can meet."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "", path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.hint = hint
        self.path = path


class DefinitionError(AttuneError):
    """A file (or a pack of files) was refused; `problems` holds every finding, warnings too."""

    code = "invalid_definition"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
