"""Workflows of a pack: whole files, and graphs whose metadata stand in an action's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attune_core.definition.document import Document, Path, Place, Places
from attune_core.definition.keys import METADATA
from attune_core.definition.known import Known
from attune_core.definition.parse import ParsedWorkflow, build_workflow
from attune_core.errors import DefinitionError, Problem
from attune_core.model.action import ActionSpec, Runtime
from attune_core.model.names import MAX_REF, pack_of
from attune_core.model.parameters import normalise_parameters
from attune_core.model.schema_check import schema_faults
from attune_core.packs.reading import PackFile, Reading

_FROM_ACTION: Final = ("ref", "label", "description", "tags", "parameters", "output")


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow before it is checked: its JSON and where its parts stand."""

    raw: Mapping[str, Any]
    places: Places
    file: str
    action: ActionSpec | None = None

    @property
    def ref(self) -> str:
        ref = self.raw.get("ref")
        return ref if isinstance(ref, str) else ""


@dataclass(frozen=True, slots=True)
class TwoFiles:
    """The places of a definition that is put together from two files."""

    metadata: Document
    graph: Document

    def place(self, path: Path, *, on_key: bool = False) -> Place:
        from_action = path and path[0] in _FROM_ACTION and path[0] in self.metadata.value
        return (self.metadata if from_action else self.graph).place(path, on_key=on_key)


def whole_file(reading: Reading, path: str) -> Source | None:
    document = reading.document(path)
    return None if document is None else Source(document.value, document, path)


def two_part(reading: Reading, opened: PackFile, action: ActionSpec) -> Source | None:
    """The graph of `action.workflow_file` under the name and with the schemas of the action."""
    graph = reading.document(action.workflow_file) if action.workflow_file else None
    if graph is None:
        return None
    metadata = opened.document.value
    for key in METADATA:
        if key in graph.value and graph.value[key] != metadata.get(key, graph.value[key]):
            place = graph.place((key,), on_key=True)
            message = f"`{key}` differs from what {opened.file} says"
            hint = f"keep it in {opened.file}"
            reading.add([Problem(place.file, place.line, place.column, "metadata_twice", message, hint, key)])
    raw = dict(graph.value)
    raw.update((key, metadata[key]) for key in _FROM_ACTION if key in metadata)
    return Source(raw, TwoFiles(opened.document, graph), graph.file, action)


def parameters_of(source: Source) -> Mapping[str, Any] | None:
    """The parameter schema as far as it is usable, for those who call the workflow."""
    raw = source.raw.get("parameters")
    if not isinstance(raw, Mapping) or schema_faults(raw):
        return None
    return normalise_parameters(raw)


def check_workflows(sources: list[Source], pack: str, known: Known, reading: Reading) -> tuple[ParsedWorkflow, ...]:
    """The good ones; the problems of all of them go to the reading."""
    found: list[ParsedWorkflow] = []
    for source in sources:
        _check_owner(source, pack, reading)
        try:
            workflow = build_workflow(source.raw, source.places, known)
        except DefinitionError as error:
            reading.add(error.problems)
            continue
        reading.add(workflow.warnings)
        found.append(workflow)
    return tuple(found)


def synthetic_action(workflow: ParsedWorkflow, action: ActionSpec | None) -> ActionSpec:
    """The action under whose ref a workflow is run."""
    return ActionSpec(
        ref=workflow.ref,
        label=workflow.label,
        description=workflow.description,
        runtime=Runtime.WORKFLOW,
        param_schema=workflow.parameters_schema,
        out_schema=workflow.output_schema,
        spec=action.spec if action is not None else {},
        is_workflow=True,
        workflow_file=action.workflow_file if action is not None else None,
        enabled=action.enabled if action is not None else True,
    )


def _check_owner(source: Source, pack: str, reading: Reading) -> None:
    ref, place = source.ref, source.places.place(("ref",))
    if not ref or not pack or (pack_of(ref) == pack and len(ref) <= MAX_REF):
        return
    message = f"`{ref[:80]}` does not belong to the pack `{pack}`"
    hint = f"write `{pack}.{ref.partition('.')[2][:80]}`"
    reading.add([Problem(place.file, place.line, place.column, "foreign_ref", message, hint, "ref")])
