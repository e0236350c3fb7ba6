"""Every static check of a workflow file in one answer."""

from __future__ import annotations

from attune_core.definition.known import Known
from attune_core.definition.parse import parse_workflow
from attune_core.errors import DefinitionError, Problem

__all__ = ["Known", "check_workflow"]


def check_workflow(text: str | bytes, file: str, known: Known | None = None) -> list[Problem]:
    """All problems, warnings too, sorted by place; empty when the file is spotless. Never raises."""
    try:
        return list(parse_workflow(text, file, known).warnings)
    except DefinitionError as error:
        return list(error.problems)
