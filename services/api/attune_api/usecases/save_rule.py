"""Making and changing rules through the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from attune_api.auth import Principal
from attune_api.errors import Conflict, Invalid, NotFound
from attune_api.permissions import Permission
from attune_common.store import actions, audit, rules, triggers
from attune_common.store.connection import Row
from attune_common.store.rules import RuleRow
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.expressions.render import ExpressionError
from attune_core.model.names import pack_of
from attune_core.model.schema import path_text
from attune_core.model.trigger import TriggerKind
from attune_core.rules.criteria import read_criteria
from attune_core.rules.scope import rule_value
from attune_core.timers.reading import read_timer

Change = Callable[[RuleRow], RuleRow]


async def create_rule(store: Store, caller: Principal, rule: RuleRow) -> None:
    """Errors: Conflict when the ref is taken, Invalid when something of it cannot work, Forbidden, NotFound."""
    _check_rights(caller, rule)
    _check_templates(rule)
    audit.about(rule.ref)
    async with store.unit() as unit:
        await _check_references(unit, rule)
        if not await rules.insert(unit, rule):
            raise Conflict(f"there is a rule {rule.ref!r} already", code="ref_taken", hint="change it with PUT")


async def change_rule(store: Store, caller: Principal, ref: str, change: Change) -> None:
    """Store what `change` makes of the rule. Errors: NotFound, Invalid, Forbidden."""

    async def work(unit: Unit) -> None:
        before = await rules.get_for_update(unit, ref)
        if before is None:
            raise NotFound(f"there is no rule {ref!r}")
        after = replace(change(_stored(before)), owner=caller.id)
        _check_rights(caller, after)
        _check_templates(after)
        await _check_references(unit, after)
        await rules.update(unit, after)

    await store.retrying(work)


def _check_rights(caller: Principal, rule: RuleRow) -> None:
    """A rule acts for whoever saves it: with nothing that this one could not do. Errors: Forbidden, NotFound."""
    caller.require(Permission.AUTHOR, pack_of(rule.ref))
    caller.require(Permission.RUN, pack_of(rule.action_ref))
    caller.require_sight(pack_of(rule.trigger_ref))


def conditions(criteria: Any, when: Any) -> Any:
    """How a rule's condition is stored: its criteria, or `{"when": expression}`; None matches every event."""
    return {"when": when} if when is not None else criteria or None


def shown_conditions(stored: Any) -> tuple[Any, Any]:
    """(criteria, when) of a stored condition."""
    if isinstance(stored, Mapping) and set(stored) == {"when"}:
        return None, stored["when"]
    return stored, None


def _stored(row: Row) -> RuleRow:
    return RuleRow(
        ref=row["ref"],
        label=row["label"],
        description=row["description"],
        trigger_ref=row["trigger_ref"],
        action_ref=row["action_ref"],
        criteria=row["criteria"],
        trigger_params=row["trigger_params"],
        action_params=row["action_params"],
        owner=row["owner"],
        enabled=row["enabled"],
        rate_limit=row["rate_limit"],
    )


def _check_templates(rule: RuleRow) -> None:
    faults = [] if rule.criteria is None else read_criteria(rule.criteria)[1]
    if faults:
        places = [
            {"path": f"body.criteria {path_text(fault.path)}".strip(), "message": fault.message, "hint": fault.hint}
            for fault in faults
        ]
        raise Invalid(faults[0].message, code="invalid_criteria", errors=places)
    try:
        rule_value(dict(rule.action_params))
    except ExpressionError as problem:
        raise Invalid.at("body.parameters", problem.message, code=problem.code, hint=problem.hint) from problem


def _check_timer(rule: RuleRow) -> None:
    """The rule says when its trigger fires."""
    faults = read_timer(rule.trigger_params)[1]
    if faults:
        places = [
            {"path": f"body.trigger_parameters.{fault.key}".rstrip("."), "message": fault.message, "hint": fault.hint}
            for fault in faults
        ]
        raise Invalid(faults[0].message, code=faults[0].code, hint=faults[0].hint, errors=places)


async def _check_references(unit: Unit, rule: RuleRow) -> None:
    trigger = await triggers.get(unit, rule.trigger_ref)
    if trigger is None:
        raise Invalid.at("body.trigger", f"there is no trigger {rule.trigger_ref!r}", code="trigger_not_found")
    if trigger["kind"] == TriggerKind.TIMER and "timer" not in trigger["spec"]:
        _check_timer(rule)
    if await actions.get(unit, rule.action_ref) is None:
        raise Invalid.at("body.action", f"there is no action {rule.action_ref!r}", code="action_not_found")
