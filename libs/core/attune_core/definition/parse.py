"""From a YAML text to a workflow that may be stored: every problem at once, or a whole workflow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from attune_core.definition.document import Places, Unplaced
from attune_core.definition.graph import Graph
from attune_core.definition.known import Known
from attune_core.definition.limits import MAX_DEPTH
from attune_core.definition.problems import errors_of, in_order, to_problems, warnings_of
from attune_core.definition.reader import read_document
from attune_core.definition.static import check_draft
from attune_core.definition.workflow import read_workflow
from attune_core.errors import DefinitionError, Problem

_DEEPEST_JSON: Final = 2 * MAX_DEPTH


@dataclass(frozen=True, slots=True)
class ParsedWorkflow:
    """A checked workflow. `definition` is the JSON to store and `digest` its SHA-256.

    The definition is as written, but for `publish` maps of several keys: they become lists of one-key maps,
    because JSON objects in a database keep no order. The schemas are JSON Schema 2020-12 or None.
    """

    ref: str
    label: str
    description: str
    version: str
    tags: tuple[str, ...]
    parameters_schema: dict[str, Any] | None
    output_schema: dict[str, Any] | None
    definition: dict[str, Any]
    digest: str
    graph: Graph
    warnings: tuple[Problem, ...] = ()


def parse_workflow(text: str | bytes, file: str, known: Known | None = None) -> ParsedWorkflow:
    """Read and check a workflow file. Errors: DefinitionError with all problems, sorted by place."""
    document = read_document(text, file)
    return build_workflow(document.value, document, known, document.problems)


def parse_definition(definition: Mapping[str, Any], known: Known | None = None, *, file: str = "") -> ParsedWorkflow:
    """The same for a definition that came as JSON: problems have a path, and no line."""
    places = Unplaced(file)
    if _is_too_deep(definition):
        message = f"nested deeper than {_DEEPEST_JSON} levels"
        raise DefinitionError([Problem(file, 0, 0, "too_deep", message, "flatten it")])
    return build_workflow(definition, places, known)


def build_workflow(
    raw: Mapping[str, Any],
    places: Places,
    known: Known | None = None,
    found: tuple[Problem, ...] = (),
) -> ParsedWorkflow:
    """Check a definition whose parts stand at `places`; `found` are problems of reading it."""
    draft = read_workflow(raw)
    check_draft(draft, known)
    problems = in_order([*found, *to_problems(draft.findings.all, places)])
    if errors_of(problems):
        raise DefinitionError(problems)
    definition = ordered_publish(raw)
    return ParsedWorkflow(
        draft.graph.ref,
        draft.label,
        draft.description,
        draft.version,
        draft.tags,
        _plain(draft.graph.parameters_schema),
        _plain(draft.graph.output_schema),
        definition,
        digest_of(definition),
        draft.graph,
        warnings_of(problems),
    )


def _is_too_deep(definition: Mapping[str, Any]) -> bool:
    level: list[Any] = [definition]
    for _ in range(_DEEPEST_JSON + 1):
        level = [
            below
            for value in level
            if isinstance(value, Mapping | list)
            for below in (value.values() if isinstance(value, Mapping) else value)
        ]
        if not level:
            return False
    return True


def digest_of(definition: Mapping[str, Any]) -> str:
    """SHA-256 over the JSON without spaces. The order of keys counts: `with_items` walks a map in it."""
    return hashlib.sha256(orjson.dumps(definition)).hexdigest()


def ordered_publish(raw: Any) -> Any:
    """A copy whose `publish` maps of tasks and `next` entries are lists of one-key maps."""
    copy = dict(raw)
    copy["tasks"] = [_ordered_task(task) for task in raw.get("tasks", [])]
    return copy


def _ordered_task(task: Mapping[str, Any]) -> dict[str, Any]:
    copy = _ordered_entry(task)
    if isinstance(task.get("next"), list):
        copy["next"] = [_ordered_entry(entry) for entry in task["next"]]
    if isinstance(task.get("tasks"), list):
        copy["tasks"] = [_ordered_task(child) for child in task["tasks"]]
    return copy


def _ordered_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    publish = entry.get("publish")
    if not isinstance(publish, Mapping):
        return dict(entry)
    return {**entry, "publish": [{name: value} for name, value in publish.items()]}


def _plain(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if schema is None else dict(schema)
