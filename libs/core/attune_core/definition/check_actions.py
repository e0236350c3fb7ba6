"""Actions that exist, and literal inputs that they accept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attune_core.definition.document import Path
from attune_core.definition.findings import Findings
from attune_core.definition.graph import TaskNode
from attune_core.definition.known import Known
from attune_core.definition.templates import has_template, holds_template
from attune_core.definition.workflow import Draft
from attune_core.model.names import did_you_mean, pack_of
from attune_core.model.schema import apply_defaults
from attune_core.model.validators import SchemaError, Violation, unexpected_hint, violations

_ABOUT_KEYS = frozenset({"required", "additionalProperties"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A part of a literal value that a schema refuses. `on_key`: it concerns the key of the path."""

    path: Path
    message: str
    hint: str
    on_key: bool


def check_actions(draft: Draft, known: Known | None) -> None:
    """Without knowledge of the installation nothing is checked."""
    if known is None:
        return
    for node in draft.graph.tasks.values():
        if node.action is not None:
            _check_task(node, draft.paths[node.name], known, draft.findings)


def check_output(draft: Draft) -> None:
    """Warn of literal parts and keys of `output_map` that `output` refuses: every run would end failed."""
    graph = draft.graph
    if graph.output_map is None:
        return
    for refusal in refused_literals(graph.output_schema, graph.output_map.source, ("output_map",), "output"):
        draft.findings.warning(refusal.path, "invalid_output", refusal.message, refusal.hint, on_key=refusal.on_key)


def _check_task(node: TaskNode, path: Path, known: Known, findings: Findings) -> None:
    ref = node.action or ""
    if not check_action_ref(ref, (*path, "action"), known, findings):
        return
    raw = node.input.source if node.input is not None else None
    where = (*path, "input") if raw is not None else (*path, "action")
    check_input(known.actions[ref], {} if raw is None else raw, where, ref, findings)


def check_input(schema: Mapping[str, Any] | None, raw: Any, path: Path, ref: str, findings: Findings) -> None:
    """Check the parts of an input that hold no template against the parameters of the action `ref`."""
    filled = raw if schema is None else apply_defaults(schema, raw)
    for refusal in refused_literals(schema, filled, path, ref):
        findings.error(refusal.path, "invalid_input", refusal.message, refusal.hint, on_key=refusal.on_key)


def check_action_ref(ref: str, path: Path, known: Known, findings: Findings) -> bool:
    """Whether the action is known; if not, an error, or a warning when its pack is not installed."""
    if ref in known.actions:
        return True
    if known.lists(ref):
        candidates = [other for other in known.actions if pack_of(other) == pack_of(ref)]
        hint = did_you_mean(ref, candidates, f"the pack `{pack_of(ref)}` has no such action")
        findings.error(path, "unknown_action", f"there is no action `{ref}`", hint)
    elif known.complete:
        hint = did_you_mean(ref, known.actions, f"install the pack `{pack_of(ref)}` before this runs")
        findings.warning(path, "unknown_action", f"the action `{ref}` is not registered", hint)
    return False


def refused_literals(schema: Mapping[str, Any] | None, raw: Any, path: Path, ref: str) -> list[Refusal]:
    """What the schema refuses in the parts of a value that hold no template."""
    if schema is None or has_template(raw):
        return []
    try:
        refused = violations(dict(schema), raw)
    except SchemaError:
        # the schema is broken: that is reported where it is registered
        return []
    return [
        refusal
        for found in refused
        if found.keyword in _ABOUT_KEYS or not holds_template(_at(raw, found.path))
        for refusal in _refusals(found, schema, path, ref)
    ]


def _refusals(found: Violation, schema: Mapping[str, Any], path: Path, ref: str) -> list[Refusal]:
    where = (*path, *found.path)
    if found.keyword == "additionalProperties":
        return [
            Refusal(
                (*where, name),
                f"`{ref}` declares no `{name}`",
                unexpected_hint(dict(schema), name) if not found.path else "",
                on_key=True,
            )
            for name in found.names
        ]
    missing = found.keyword == "required"
    hint = f"add `{found.names[0]}: ...`" if missing else f"this is what `{ref}` declares"
    return [Refusal(where, f"`{ref}` refuses this: {found.message}", hint, on_key=missing)]


def _at(raw: Any, path: Path) -> Any:
    value = raw
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value
