"""`rules/*.yaml`: which events start which action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.definition.check_actions import check_action_ref, check_input
from attune_core.definition.fields import Fields
from attune_core.definition.known import Known
from attune_core.definition.templates import texts
from attune_core.expressions.render import ExpressionError
from attune_core.model.names import REF, did_you_mean, pack_of
from attune_core.model.rule import RuleSpec
from attune_core.packs.keys import RULE
from attune_core.packs.reading import PackFile, json_map, read_rate, read_ref, stem_of
from attune_core.packs.triggers import check_timer
from attune_core.rules.criteria import read_criteria
from attune_core.rules.scope import rule_value


def read_rule(opened: PackFile, pack: str, known: Known) -> RuleSpec:
    fields = opened.fields
    fields.only(RULE)
    ref = read_ref(fields, pack, "rule", stem_of(opened.file))
    trigger = _trigger(fields, known)
    if trigger in known.timers:
        check_timer(fields, "trigger_parameters")
    return RuleSpec(
        ref=ref,
        label=fields.text("label") or ref,
        description=fields.text("description"),
        trigger_ref=trigger,
        trigger_params=json_map(fields, "trigger_parameters"),
        criteria=_criteria(fields),
        action_ref=_action(fields, known),
        action_params=json_map(fields, "parameters"),
        rate_limit=read_rate(fields),
        enabled=fields.flag("enabled", True),
    )


def _trigger(fields: Fields, known: Known) -> str:
    ref = _reference(fields, "trigger")
    if not ref or ref in known.triggers:
        return ref
    path = fields.at("trigger")
    if known.lists(ref):
        same = [other for other in known.triggers if pack_of(other) == pack_of(ref)]
        hint = did_you_mean(ref, same, f"the pack `{pack_of(ref)}` has no such trigger")
        fields.findings.error(path, "unknown_trigger", f"there is no trigger `{ref}`", hint)
    elif known.complete:
        hint = did_you_mean(ref, known.triggers, f"install the pack `{pack_of(ref)}` first")
        fields.findings.warning(path, "unknown_trigger", f"the trigger `{ref}` is not registered", hint)
    return ref


def _action(fields: Fields, known: Known) -> str:
    ref = _reference(fields, "action")
    parameters = json_map(fields, "parameters")
    _check_templates(fields, parameters)
    if ref and check_action_ref(ref, fields.at("action"), known, fields.findings):
        where = fields.at("parameters") if fields.has("parameters") else fields.at("action")
        check_input(known.actions[ref], parameters, where, ref, fields.findings)
    return ref


def _reference(fields: Fields, key: str) -> str:
    if not fields.has(key):
        fields.findings.error((), "missing_key", f"the rule has no `{key}`", f"write `{key}: PACK.NAME`")
        return ""
    return fields.matching(key, REF, "invalid_ref", f"the ref of a {key} such as `core.echo`") or ""


def _check_templates(fields: Fields, parameters: Mapping[str, Any]) -> None:
    for path, text in texts(parameters, fields.at("parameters")):
        try:
            rule_value(text)
        except ExpressionError as error:
            fields.findings.error(path, error.code, error.message, error.hint)


def _criteria(fields: Fields) -> Mapping[str, Any] | None:
    """As it is stored: the tree, or `{"when": expression}`."""
    if fields.has("criteria") and fields.has("when"):
        message = "the rule has `criteria` and `when`"
        fields.findings.error(fields.at("when"), "criteria_twice", message, "keep one of them", on_key=True)
    if fields.has("when"):
        stored: dict[str, Any] = {"when": fields.get("when")}
        _check_criteria(fields, stored, ())
        return stored
    raw = fields.get("criteria")
    if raw is None or raw in ({}, []):
        return None
    _check_criteria(fields, raw, ("criteria",))
    return {"all": raw} if isinstance(raw, list) else raw if isinstance(raw, Mapping) else None


def _check_criteria(fields: Fields, raw: Any, path: tuple[str, ...]) -> None:
    _, faults = read_criteria(raw)
    for fault in faults:
        where = (*path, *fault.path)
        fields.findings.error(where, fault.code, fault.message, fault.hint, on_key=fault.on_key)
