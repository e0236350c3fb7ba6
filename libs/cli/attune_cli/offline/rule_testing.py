"""A rule against one event: each criterion with what it found, and what the action would be given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attune_cli.offline.shelf import core_known, root_above
from attune_client.archive import pack_files
from attune_common.runtime.clock import utcnow
from attune_core.definition.known import Known
from attune_core.definition.problems import errors_of
from attune_core.definition.reader import read_document
from attune_core.errors import AttuneError, DefinitionError
from attune_core.expressions.render import ExpressionError
from attune_core.model.names import pack_of
from attune_core.model.rule import RuleSpec
from attune_core.packs.manifest import read_manifest
from attune_core.packs.reading import Reading
from attune_core.packs.rules import read_rule
from attune_core.rules.explain import Explanation, explain
from attune_core.rules.match import render_parameters


class BadEvent(AttuneError):
    """The file holds no event."""

    code = "bad_event"


@dataclass(frozen=True, slots=True)
class Tested:
    """`parameters` None: the rule does not match, or they cannot be rendered, as `problem` says."""

    rule: str
    action: str
    explanation: Explanation
    parameters: dict[str, Any] | None = None
    problem: str = ""
    notes: tuple[str, ...] = field(default=())

    def as_record(self) -> dict[str, Any]:
        lines = [
            {"place": line.place, "depth": line.depth, "matched": line.matched, "sentence": line.sentence}
            for line in self.explanation.lines
        ]
        return {
            "rule": self.rule,
            "matched": self.explanation.matched,
            "reason": self.explanation.reason,
            "criteria": lines,
            "action": self.action,
            "parameters": self.parameters,
            "problem": self.problem or None,
            "notes": list(self.notes),
        }


def check(rule: RuleSpec, event: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Tested:
    """What the executor would make of it, whoever owns the rule and whatever else is limited."""
    seen = {"id": 0, "created": utcnow().isoformat(), "source": {"kind": "test"}, **event, "trigger": rule.trigger_ref}
    notes = []
    if event.get("trigger") not in (None, rule.trigger_ref):
        notes.append(f"the event is of {event['trigger']}, and the rule listens to {rule.trigger_ref}")
    if not rule.enabled:
        notes.append("the rule is disabled")
    found = explain(rule.criteria, seen, pack_config=config)
    if not found.matched:
        return Tested(rule.ref, rule.action_ref, found, notes=tuple(notes))
    try:
        parameters = render_parameters(rule.action_params, seen, pack_config=config)
    except ExpressionError as problem:
        told = f"the parameters cannot be rendered: {problem.message}"
        return Tested(rule.ref, rule.action_ref, found, problem=told, notes=tuple(notes))
    return Tested(rule.ref, rule.action_ref, found, parameters, notes=tuple(notes))


def rule_of_file(path: Path) -> tuple[RuleSpec, dict[str, Any]]:
    """The rule, and its pack's settings as they are when nobody sets them. Errors: DefinitionError."""
    root = root_above(path)
    files = pack_files(root) if root is not None else {}
    reading = Reading({str(path): path.read_bytes()})
    opened = reading.open(str(path))
    rule: RuleSpec | None = None
    if opened is not None:
        ref = str(opened.fields.get("ref") or "")
        rule = read_rule(opened, pack_of(ref), Known(complete=False, timers=core_known().timers))
    if rule is None or errors_of(reading.problems()):
        raise DefinitionError(reading.problems())
    return rule, dict(read_manifest(Reading(files)).config) if files else {}


def rule_of_record(rule: Mapping[str, Any]) -> RuleSpec:
    """A registered rule as the API gives it."""
    when = rule.get("when")
    return RuleSpec(
        ref=rule["ref"],
        label=rule["label"],
        trigger_ref=rule["trigger"],
        criteria=rule.get("criteria") if when is None else {"when": when},
        action_ref=rule["action"],
        action_params=rule.get("parameters") or {},
        enabled=rule.get("enabled", True),
    )


def event_of_file(path: Path) -> dict[str, Any]:
    """An event as `attune event show -o json` gives it, or its payload alone. Errors: BadEvent."""
    text = path.read_bytes()
    try:
        value = json.loads(text)
    except ValueError:
        value = _as_yaml(text, path)
    if not isinstance(value, dict):
        raise BadEvent(f"{path} holds no event", hint='such as {"payload": {"branch": "main"}}')
    return value if "payload" in value else {"payload": value}


def _as_yaml(text: bytes, path: Path) -> Any:
    try:
        return dict(read_document(text, str(path)).value)
    except DefinitionError as error:
        raise BadEvent(str(error.problems[0]), hint='such as {"payload": {"branch": "main"}}') from error
