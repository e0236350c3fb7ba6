"""Starting executions: validated, stored and announced in one transaction, once per idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from attune_api.auth import Principal
from attune_api.errors import Conflict, Invalid, NotFound
from attune_api.permissions import Permission
from attune_api.together import Together
from attune_api.usecases.near_miss import explained
from attune_common.contracts.execution import ExecutionRequested
from attune_common.runtime import tracing
from attune_common.store import audit, requests
from attune_common.store.actions_lookup import Action, KnownActions, Pinned
from attune_common.store.audit import Acting
from attune_common.store.connection import Row
from attune_common.store.errors import is_transient
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_common.vault.parameters import seal_parameters
from attune_core.errors import AttuneError
from attune_core.model import schema
from attune_core.model.names import pack_of
from attune_core.model.sealing import secret_paths


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to start something, which the caller may."""

    action: str
    parameters: Mapping[str, Any]
    idempotency_key: str | None = None
    workflow_only: bool = False
    trace_id: str = field(default_factory=tracing.asked_trace)


@dataclass(frozen=True, slots=True)
class Started:
    """`row`: the execution as it was stored, with its action's `param_schema`; None for one that was there before."""

    id: int
    row: Mapping[str, Any] | None = None

    @property
    def is_new(self) -> bool:
        return self.row is not None


@dataclass(frozen=True, slots=True)
class _Request:
    """`acting`: for the audit trail."""

    caller: Principal
    asked: Asked
    acting: Acting | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A request for an action that can run. `digests`: the first one is stored, any is recognised."""

    request: _Request
    action: Action
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A request that was found good."""

    known: _Known
    row: requests.ExecutionRow


Outcome = Started | Exception


class Starts:
    """Starts that are asked for at the same time share a transaction."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault, self._actions = store, vault, KnownActions()
        self._together = Together(self._start)

    async def start(self, caller: Principal, asked: Asked) -> Started:
        """Return after the commit. Errors: NotFound, Forbidden, Conflict, Invalid, SecretsUnavailable."""
        caller.require(Permission.RUN, pack_of(asked.action))
        try:
            return await self._together.ask(_Request(caller, asked, audit.due()))
        except NotFound as refused:
            workflows = asked.workflow_only
            raise await explained(self._store, caller, refused, asked.action, workflows=workflows) from None

    async def _start(self, wanted: Sequence[_Request]) -> list[Outcome]:
        """What the database cannot do now is not tried again: it may have been done."""
        try:
            async with self._store.late_unit() as unit:
                outcomes = await _start_all(unit, self._vault, self._actions, wanted, _deepest(self._store))
        except Exception as problem:
            if is_transient(problem):
                return [problem] * len(wanted)
            raise
        for request, outcome in zip(wanted, outcomes, strict=True):
            if request.acting is not None and isinstance(outcome, Started):
                request.acting.written = True
        return outcomes


async def execute(store: Store, caller: Principal, asked: Asked, vault: Vault | None = None) -> tuple[int, bool]:
    """One start in a transaction of its own: (execution's id, whether it is new). Errors: as `Starts.start`."""
    caller.require(Permission.RUN, pack_of(asked.action))
    async with store.unit() as unit:
        wanted = [_Request(caller, asked, None)]
        [outcome] = await _start_all(unit, vault or Vault(store.settings), KnownActions(), wanted, _deepest(store))
        if isinstance(outcome, Exception):
            raise outcome
    return outcome.id, outcome.is_new


async def _start_all(
    unit: Unit, vault: Vault, known_actions: KnownActions, wanted: Sequence[_Request], deepest: int
) -> list[Outcome]:
    opening = await requests.opening(unit, sum(request.asked.idempotency_key is None for request in wanted))
    refs: set[Pinned] = {(request.asked.action, None) for request in wanted}
    actions = await known_actions.pinned(unit, refs, opening.registered)
    known = [_known(vault, actions[request.asked.action, None], request) for request in wanted]
    asked = await _without_repeats(unit, known)
    askers = {one.request.caller.execution or 0 for one in asked if isinstance(one, _Known)} - {0}
    origins = await requests.origins(unit, askers)
    fresh = [
        _too_deep(one, origins, deepest) or _ready(vault, one, origins) if isinstance(one, _Known) else one
        for one in asked
    ]
    stored = iter(await _store(unit, [one for one in fresh if isinstance(one, _Ready)], opening))
    outcomes = [next(stored) if isinstance(one, _Ready) else one for one in fresh]
    _record(unit, wanted, outcomes)
    return outcomes


def _known(vault: Vault, found: Action | None, request: _Request) -> _Known | Exception:
    try:
        action = _runnable(found, request.asked)
        return _Known(request, action, _digests(vault, action, request.asked))
    except AttuneError as refused:
        return refused


def _ready(vault: Vault, known: _Known, origins: Mapping[int, Row]) -> _Ready | Exception:
    asked, action = known.request.asked, known.action
    origin = origins.get(known.request.caller.execution or 0)
    try:
        parameters, sealed = seal_parameters(vault, action.param_schema, _parameters(action, asked.parameters))
    except AttuneError as refused:
        return refused
    row = requests.ExecutionRow(
        action_ref=action.ref,
        is_workflow=action.is_workflow,
        parameters=parameters,
        identity=known.request.caller.id,
        trace_id=asked.trace_id if origin is None else origin["trace_id"],
        idempotency_key=asked.idempotency_key,
        digest=known.digests[0],
        sealed=sealed,
        parent=None if origin is None else origin["id"],
        depth=0 if origin is None else origin["depth"] + 1,
        event=None if origin is None else origin["event"],
    )
    return _Ready(known, row)


def _too_deep(known: _Known, origins: Mapping[int, Row], deepest: int) -> Conflict | None:
    """What an action asks for is a step deeper than its own execution, so that loops end."""
    origin = origins.get(known.request.caller.execution or 0)
    if origin is None or origin["depth"] < deepest:
        return None
    hint = "does an action start itself?"
    return Conflict(f"executions start one another deeper than {deepest}", code="depth_limit", hint=hint)


def _deepest(store: Store) -> int:
    return store.settings.limits.event_depth


async def _without_repeats(unit: Unit, found: Sequence[_Known | Exception]) -> list[_Known | Outcome]:
    """What was asked for before with the same key is what it was then, whatever its action wants today."""
    keyed = [one for one in found if isinstance(one, _Known) and one.request.asked.idempotency_key is not None]
    earlier = await _earlier(unit, keyed)
    again = {id(one): _again(one, row) for one, row in zip(keyed, earlier, strict=True) if row is not None}
    return [again.get(id(one), one) for one in found]


async def _earlier(unit: Unit, asked: Sequence[_Known]) -> list[Row | None]:
    keys = [(one.request.caller.id, one.request.asked.idempotency_key or "") for one in asked]
    return await requests.by_idempotency_keys(unit, keys)


async def _store(unit: Unit, ready: Sequence[_Ready], opening: requests.Opening) -> list[Outcome]:
    """A key that was taken meanwhile, or that two of these have, is a repeat too."""
    stored = await requests.insert(unit, [one.row for one in ready], opening)
    taken = [one.known for one, new in zip(ready, stored, strict=True) if new is None]
    earlier = iter(await _earlier(unit, taken))
    return [
        _again(one.known, next(earlier)) if new is None else _new(unit, one, new)
        for one, new in zip(ready, stored, strict=True)
    ]


def _new(unit: Unit, one: _Ready, stored: requests.Stored) -> Started:
    row, action = one.row, one.known.action
    unit.emit(ExecutionRequested(execution_id=stored["id"], action_ref=action.ref, trace_id=row.trace_id))
    told = {"identity": one.known.request.caller.login, "param_schema": action.param_schema}
    return Started(stored["id"], {**requests.shown(row, stored), **told})


def _again(one: _Known, earlier: Row | None) -> Outcome:
    assert earlier is not None, "the idempotency key was taken and nobody has it"
    if earlier["request_digest"] in one.digests:
        return Started(earlier["id"])
    return Conflict(
        f"the idempotency key {one.request.asked.idempotency_key!r} was used for another request",
        code="idempotency_conflict",
        hint="use a new key for a new request",
    )


def _record(unit: Unit, wanted: Sequence[_Request], outcomes: Sequence[Outcome]) -> None:
    """What was started is told to the audit trail with it."""
    for request, outcome in zip(wanted, outcomes, strict=True):
        acting = request.acting
        if acting is None or not isinstance(outcome, Started):
            continue
        if outcome.is_new:
            acting.about(request.asked.action, execution=outcome.id)
        unit.record(acting.entry)


def _runnable(action: Action | None, asked: Asked) -> Action:
    if action is None or (asked.workflow_only and not action.is_workflow):
        kind = "workflow" if asked.workflow_only else "action"
        raise NotFound(f"there is no {kind} {asked.action!r}", code=f"{kind}_not_found", hint="register its pack first")
    if not action.pack_enabled:
        message = f"the pack {action.pack_ref!r} of the action {asked.action!r} is disabled"
        raise Conflict(message, code="pack_disabled", hint=f"attune pack enable {action.pack_ref}")
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
