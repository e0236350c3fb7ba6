"""What a rehearsal knows of the actions around a workflow: enough to refuse inputs and to rehearse subworkflows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_core.definition.graph import Graph
from attune_core.definition.known import Known
from attune_core.errors import AttuneError
from attune_core.model.action import ActionSpec
from attune_core.model.names import pack_of
from attune_core.packs.bundle import Bundle
from attune_core.workflow.inputs import checked

_SHOWN = 5


class Refused(Exception):
    """An action does not accept its parameters. `error` is what the task's error becomes."""

    def __init__(self, kind: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.error = {"type": kind, "message": message, **details}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Actions and workflows by ref. An action that is not here accepts everything. `packs` are listed whole."""

    actions: Mapping[str, ActionSpec] = field(default_factory=dict)
    workflows: Mapping[str, Graph] = field(default_factory=dict)
    packs: frozenset[str] = frozenset()

    def parameters(self, ref: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """With the action's defaults. Errors: Refused, in the words of a real run."""
        action = self.actions.get(ref)
        if action is None:
            if pack_of(ref) in self.packs:
                raise Refused("action_not_found", f"there is no action {ref}")
            return dict(given)
        if not action.enabled:
            raise Refused("action_disabled", f"action {ref} (or its pack) is disabled")
        return _filled(ref, action.param_schema, given)

    def timeout(self, ref: str) -> float | None:
        action = self.actions.get(ref)
        return None if action is None else action.spec.get("timeout")

    def known(self) -> Known:
        """For the checker: these packs, and others may be installed too."""
        schemas = {ref: action.param_schema for ref, action in self.actions.items()}
        return Known(schemas, self.packs, complete=False)


def catalogue_of(bundles: Iterable[Bundle]) -> Catalogue:
    read = list(bundles)
    return Catalogue(
        {action.ref: action for bundle in read for action in bundle.actions},
        {workflow.ref: workflow.graph for bundle in read for workflow in bundle.workflows},
        frozenset(bundle.manifest.ref for bundle in read),
    )


def _filled(ref: str, declared: Mapping[str, Any] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        filled, problems = checked(declared, given)
    except AttuneError as problem:
        raise Refused("schema_error", f"the schema of {ref} cannot be used: {problem.message}") from problem
    if problems:
        told = "; ".join(f"{path or 'parameters'}: {message}" for path, message in problems[:_SHOWN])
        details = [{"path": path, "message": message} for path, message in problems]
        raise Refused("input_error", f"{ref} refuses its parameters: {told}", errors=details)
    return filled
