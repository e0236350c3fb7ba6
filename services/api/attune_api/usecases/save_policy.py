"""Making and changing policies through the API."""

from __future__ import annotations

from collections.abc import Callable

from attune_api.auth import Principal
from attune_api.errors import Conflict, Invalid, NotFound
from attune_api.permissions import Permission
from attune_common.store import actions, audit, policies
from attune_common.store.policies import PolicyRow
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_core.model.names import pack_of

Change = Callable[[PolicyRow], PolicyRow]
_SAY = "give `concurrency`, `rate_limit` or `retry`"


async def create_policy(store: Store, caller: Principal, policy: PolicyRow) -> None:
    """Errors: Conflict when the ref is taken, Invalid when something of it cannot work, Forbidden, NotFound."""
    audit.about(policy.ref, action=policy.action_ref)
    async with store.unit() as unit:
        await _check(unit, caller, policy)
        if not await policies.insert(unit, policy):
            raise Conflict(f"there is a policy {policy.ref!r} already", code="ref_taken", hint="change it with PUT")


async def change_policy(store: Store, caller: Principal, ref: str, change: Change) -> None:
    """Store what `change` makes of the policy. Errors: NotFound, Invalid, Forbidden."""

    async def work(unit: Unit) -> None:
        before = await policies.get_for_update(unit, ref)
        if before is None:
            raise NotFound(f"there is no policy {ref!r}")
        names = ("ref", "label", "description", "action_ref", "limits", "enabled")
        after = change(PolicyRow(**{name: before[name] for name in names}))
        await _check(unit, caller, after)
        await policies.update(unit, after)

    await store.retrying(work)


async def _check(unit: Unit, caller: Principal, policy: PolicyRow) -> None:
    """Whoever limits an action must be an author of its pack, too."""
    caller.require(Permission.AUTHOR, pack_of(policy.ref))
    caller.require(Permission.AUTHOR, pack_of(policy.action_ref))
    faults = {}
    if not policy.limits:
        faults["missing_key"] = {"path": "body.concurrency", "message": "the policy says nothing", "hint": _SAY}
    if await actions.get(unit, policy.action_ref) is None:
        faults["action_not_found"] = {"path": "body.action", "message": f"there is no action {policy.action_ref!r}"}
    if faults:
        raise Invalid.of_places([*faults.values()], next(iter(faults)))
