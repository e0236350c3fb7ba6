"""A workflow's definition as data becomes a graph with everything that the checks need to know about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from attune_core.definition.document import Path
from attune_core.definition.fields import Fields, is_name
from attune_core.definition.findings import Findings
from attune_core.definition.graph import (
    DEFAULT_MAX_ITERATIONS,
    CancellationPolicy,
    Graph,
    OnUnhandledFailure,
    TaskNode,
)
from attune_core.definition.keys import WORKFLOW
from attune_core.definition.limits import MAX_ITERATIONS, MAX_SECONDS
from attune_core.definition.tasks import TaskReader
from attune_core.definition.templates import Stage, Use
from attune_core.expressions.render import Value
from attune_core.model.names import MAX_REF, REF, VERSION, shown
from attune_core.model.parameters import normalise_parameters
from attune_core.model.schema_check import schema_faults

_DEFAULT_VERSION: Final = "1.0.0"


@dataclass(frozen=True, slots=True)
class Draft:
    """A workflow that was read; it is good when `findings` has no error.

    `uses` are its templates, `targets` the task names in transitions, `paths` where each task stands,
    `variables` the names that are declared or published.
    """

    graph: Graph
    label: str
    description: str
    version: str
    tags: tuple[str, ...]
    findings: Findings
    uses: tuple[Use, ...]
    targets: tuple[tuple[Path, str], ...]
    paths: Mapping[str, Path]
    variables: frozenset[str]
    declares_no_parameters: bool


def read_workflow(raw: Mapping[str, Any]) -> Draft:
    """Read a whole definition. Never raises: everything that is wrong is in the findings."""
    findings = Findings()
    fields = Fields(raw, (), findings)
    fields.only(WORKFLOW)
    reader = TaskReader(findings)
    ref = _ref(fields)
    _read_tasks(fields, reader)
    graph = Graph(
        ref=ref,
        tasks=_linked(reader.nodes),
        start=_start(reader.nodes, {target for _, target in reader.targets}),
        dependents=_dependents(reader.nodes),
        vars=_vars(fields, reader),
        output_map=reader.templates.map_of(fields, "output_map", Stage.RUN),
        parameters_schema=read_schema(fields, "parameters"),
        output_schema=read_schema(fields, "output", closed=False),
        timeout=fields.number("timeout", 0, MAX_SECONDS, above_low=True),
        on_unhandled_failure=fields.choice("on_unhandled_failure", OnUnhandledFailure, OnUnhandledFailure.STOP),
        cancellation_policy=fields.choice("cancellation_policy", CancellationPolicy, CancellationPolicy.CANCEL_RUNNING),
        max_iterations=fields.integer("max_iterations", 1, MAX_ITERATIONS) or DEFAULT_MAX_ITERATIONS,
    )
    return Draft(
        graph,
        fields.text("label") or ref,
        fields.text("description"),
        _version(fields),
        fields.texts("tags"),
        findings,
        tuple(reader.templates.uses),
        tuple(reader.targets),
        reader.paths,
        _variables(graph),
        not fields.has("parameters"),
    )


def _variables(graph: Graph) -> frozenset[str]:
    """The names that are declared or published somewhere."""
    names = set(graph.vars)
    for node in graph.tasks.values():
        names.update(published.name for published in node.publish)
        names.update(published.name for route in node.routes for published in route.publish)
    return frozenset(names)


def _ref(fields: Fields) -> str:
    if not fields.has("ref"):
        fields.findings.error((), "missing_key", "the workflow has no `ref`", "write `ref: PACK.NAME` at the top")
        return ""
    ref = fields.matching("ref", REF, "invalid_ref", "a ref such as `my_pack.my_workflow`") or ""
    if len(ref) > MAX_REF:
        fields.findings.error(fields.at("ref"), "invalid_ref", f"the ref is longer than {MAX_REF} characters")
    return ref


def _version(fields: Fields) -> str:
    if not fields.has("version"):
        return _DEFAULT_VERSION
    return fields.matching("version", VERSION, "invalid_version", "a version such as 1.0.0") or _DEFAULT_VERSION


def _read_tasks(fields: Fields, reader: TaskReader) -> None:
    if not fields.has("tasks"):
        hint = "write `tasks:` with `- name: ...` entries below it"
        fields.findings.error((), "missing_key", "the workflow has no `tasks`", hint)
        return
    reader.read(fields.get("tasks"), fields.at("tasks"))


def read_schema(fields: Fields, key: str, *, closed: bool = True) -> dict[str, Any] | None:
    """The JSON Schema under the key, with its faults as findings; None when absent or unusable."""
    raw = fields.get(key)
    if raw is None:
        return None
    faults = schema_faults(raw)
    for fault in faults:
        path = (*fields.at(key), *fault.path)
        fields.findings.error(path, fault.code, fault.message, fault.hint, on_key=fault.on_key)
    return None if faults else normalise_parameters(raw, closed=closed)


def _vars(fields: Fields, reader: TaskReader) -> dict[str, Value]:
    """Each variable after those that its template reads, whatever the order in the file."""
    raw = fields.mapping("vars") or {}
    values: dict[str, Value] = {}
    for name, value in raw.items():
        path = (*fields.at("vars"), name)
        if not is_name(name):
            message = f"`{shown(name)}` is not a name for a variable"
            fields.findings.error(path, "invalid_name", message, "letters, digits and _", on_key=True)
        values[name] = reader.templates.value(value, path, Stage.RUN)
    reads = {name: sorted(value.reads.vars & values.keys()) for name, value in values.items()}
    try:
        return {name: values[name] for name in TopologicalSorter(reads).static_order()}
    except CycleError as error:
        names = sorted(set(error.args[1]))
        message = f"the variables {', '.join(names[:5])} need each other"
        fields.findings.error((*fields.at("vars"), names[0]), "vars_cycle", message, on_key=True)
        return values


def _linked(nodes: Mapping[str, TaskNode]) -> dict[str, TaskNode]:
    """The nodes with their sources: who has a transition to them."""
    sources: dict[str, dict[str, None]] = {name: {} for name in nodes}
    for node in nodes.values():
        for route in node.routes:
            for target in route.targets:
                if target in sources:
                    sources[target][node.name] = None
    return {
        name: replace(node, sources=tuple(sources[name])) if sources[name] else node for name, node in nodes.items()
    }


def _start(nodes: Mapping[str, TaskNode], named: Collection[str]) -> tuple[str, ...]:
    """`named`: by any transition, also by an `on_success` that its decision leaves without effect."""
    return tuple(
        name for name, node in nodes.items() if node.block is None and not node.depends_on and name not in named
    )


def _dependents(nodes: Mapping[str, TaskNode]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for node in nodes.values():
        for dependency in node.depends_on:
            found.setdefault(dependency.task, []).append(node.name)
    return {name: tuple(names) for name, names in found.items()}
