"""Starting an execution: validated, stored and announced in one transaction, once per idempotency key."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from attune_api.auth import Principal
from attune_api.errors import Conflict, Invalid, NotFound
from attune_api.permissions import Permission
from attune_common.contracts.execution import ExecutionRequested
from attune_common.store import audit, requests
from attune_common.store.actions_lookup import Action, resolve
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_common.vault.parameters import seal_parameters
from attune_core.model import schema
from attune_core.model.names import pack_of
from attune_core.model.sealing import secret_paths


@dataclass(frozen=True, slots=True)
class Asked:
    """`action_path` names the place of the action's ref in the request, for refusals."""

    action: str
    parameters: Mapping[str, Any]
    idempotency_key: str | None = None
    workflow_only: bool = False


async def execute(store: Store, caller: Principal, asked: Asked, vault: Vault | None = None) -> tuple[int, bool]:
    """(execution's id, whether it is new). Errors: NotFound, Forbidden, Conflict, Invalid, SecretsUnavailable."""
    keeper = vault or Vault(store.settings)
    async with store.unit() as unit:
        caller.require(Permission.RUN, pack_of(asked.action))
        action = await _action(unit, asked)
        digests = _digests(keeper, action, asked)
        earlier = await _earlier(unit, caller, asked, digests)
        if earlier is not None:
            return earlier, False
        parameters, sealed = seal_parameters(keeper, action.param_schema, _parameters(action, asked.parameters))
        row = requests.ExecutionRow(
            action_ref=action.ref,
            is_workflow=action.is_workflow,
            parameters=parameters,
            identity=caller.id,
            trace_id=uuid.uuid4().hex,
            idempotency_key=asked.idempotency_key,
            digest=digests[0],
            sealed=sealed,
        )
        execution = await requests.insert(unit, row)
        if execution is not None:
            audit.about(action.ref, execution=execution)
            unit.emit(ExecutionRequested(execution_id=execution, action_ref=action.ref, trace_id=row.trace_id))
            return execution, True
        earlier = await _earlier(unit, caller, asked, digests)
        assert earlier is not None, "the idempotency key was taken and nobody has it"
        return earlier, False


async def _action(unit: Unit, asked: Asked) -> Action:
    action = (await resolve(unit, [asked.action])).get(asked.action)
    if action is None or (asked.workflow_only and not action.is_workflow):
        kind = "workflow" if asked.workflow_only else "action"
        raise NotFound(f"there is no {kind} {asked.action!r}", code=f"{kind}_not_found", hint="register its pack first")
    if not action.enabled:
        raise Conflict(f"the action {asked.action!r} is disabled", code="action_disabled")
    return action


def _parameters(action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    filled: dict[str, Any] = schema.apply_defaults(action.param_schema, dict(given))
    findings = schema.validate(action.param_schema, filled)
    if findings:
        raise Invalid.of_schema(findings, "parameters", "invalid_parameters")
    return filled


def _digests(vault: Vault, action: Action, asked: Asked) -> tuple[str, ...]:
    """What tells the same request from another. The first one is stored, any is recognised.

    With secrets in it, a plain hash would help to guess them: then it takes a master key to compute.
    """
    request = {"action": asked.action, "parameters": asked.parameters}
    written = orjson.dumps(request, option=orjson.OPT_SORT_KEYS)
    if not secret_paths(action.param_schema, asked.parameters):
        return (hashlib.sha256(written).hexdigest(),)
    _ = vault.keyring.primary
    return tuple(key.fingerprint(written) for key in vault.keyring.all())


async def _earlier(unit: Unit, caller: Principal, asked: Asked, digests: tuple[str, ...]) -> int | None:
    if asked.idempotency_key is None:
        return None
    row = await requests.by_idempotency_key(unit, caller.id, asked.idempotency_key)
    if row is None:
        return None
    if row["request_digest"] not in digests:
        raise Conflict(
            f"the idempotency key {asked.idempotency_key!r} was used for another request",
            code="idempotency_conflict",
            hint="use a new key for a new request",
        )
    execution: int = row["id"]
    return execution
