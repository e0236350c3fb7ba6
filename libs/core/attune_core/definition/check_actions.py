"""Actions that exist, and literal inputs that they accept."""

from __future__ import annotations

from collections.abc import Mapping
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


def check_actions(draft: Draft, known: Known | None) -> None:
    """Without knowledge of the installation nothing is checked."""
    if known is None:
        return
    for node in draft.graph.tasks.values():
        if node.action is not None:
            _check_task(node, draft.paths[node.name], known, draft.findings)


def check_output(draft: Draft) -> None:
    """The literal parts and the keys of `output_map` against `output`, which every run is held to."""
    graph = draft.graph
    if graph.output_map is not None and graph.output_schema is not None:
        raw = graph.output_map.source
        check_literals(graph.output_schema, raw, ("output_map",), "output", draft.findings, code="invalid_output")


def _check_task(node: TaskNode, path: Path, known: Known, findings: Findings) -> None:
    ref = node.action or ""
    if not check_action_ref(ref, (*path, "action"), known, findings):
        return
    raw = node.input.source if node.input is not None else None
    where = (*path, "input") if raw is not None else (*path, "action")
    check_literals(known.actions[ref], {} if raw is None else raw, where, ref, findings)


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


def check_literals(
    schema: Mapping[str, Any] | None,
    raw: Any,
    path: Path,
    ref: str,
    findings: Findings,
    *,
    code: str = "invalid_input",
) -> None:
    """Check the parts of an input that hold no template against what `ref` declares."""
    if schema is None or has_template(raw):
        return
    try:
        refused = violations(dict(schema), apply_defaults(schema, raw))
    except SchemaError:
        # the action's own schema is broken: that is reported where the action is registered
        return
    for found in refused:
        if found.keyword in _ABOUT_KEYS or not holds_template(_at(raw, found.path)):
            _report(found, schema, path, ref, findings, code)


def _report(found: Violation, schema: Mapping[str, Any], path: Path, ref: str, findings: Findings, code: str) -> None:
    where = (*path, *found.path)
    if found.keyword == "additionalProperties":
        for name in found.names:
            hint = unexpected_hint(dict(schema), name) if not found.path else ""
            message = f"`{ref}` declares no `{name}`"
            findings.error((*where, name), code, message, hint, on_key=True)
        return
    missing = found.keyword == "required"
    hint = f"add `{found.names[0]}: ...`" if missing else f"this is what `{ref}` declares"
    findings.error(where, code, f"`{ref}` refuses this: {found.message}", hint, on_key=missing)


def _at(raw: Any, path: Path) -> Any:
    value = raw
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value
