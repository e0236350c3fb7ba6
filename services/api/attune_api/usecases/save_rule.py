"""Making and changing rules through the API."""

from __future__ import annotations

from attune_common.store import actions, rules, triggers
from attune_common.store.rules import RuleRow
from attune_common.store.store import Store
from attune_common.store.unit import Unit

from attune_api.errors import Conflict, Invalid, NotFound


async def create_rule(store: Store, rule: RuleRow) -> None:
    """Errors: Conflict when the ref is taken, Invalid when trigger or action do not exist."""

    async def work(unit: Unit) -> None:
        await _check_references(unit, rule)
        if not await rules.insert(unit, rule):
            raise Conflict(f"there is a rule {rule.ref!r} already", code="ref_taken", hint="change it with PUT")

    await store.retrying(work, attempts=1)


async def update_rule(store: Store, rule: RuleRow) -> None:
    """Errors: NotFound, Invalid."""

    async def work(unit: Unit) -> None:
        await _check_references(unit, rule)
        if not await rules.update(unit, rule):
            raise NotFound(f"there is no rule {rule.ref!r}")

    await store.retrying(work)


async def _check_references(unit: Unit, rule: RuleRow) -> None:
    if await triggers.get(unit, rule.trigger_ref) is None:
        raise Invalid.at("body.trigger", f"there is no trigger {rule.trigger_ref!r}", code="trigger_not_found")
    if await actions.get(unit, rule.action_ref) is None:
        raise Invalid.at("body.action", f"there is no action {rule.action_ref!r}", code="action_not_found")
