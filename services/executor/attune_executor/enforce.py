"""Events go through the rules of their trigger: each gives an enforcement with a reason, a match an execution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionRequested
from attune_common.store import actions_lookup, events_matching, executions, rights, secrets
from attune_common.store.actions_lookup import Action
from attune_common.store.connection import Row
from attune_common.store.events_matching import Enforcement
from attune_common.store.executions import Execution
from attune_common.store.secrets import Owned
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Sealed
from attune_common.vault.errors import SecretsUnavailable
from attune_common.vault.parameters import seal_parameters
from attune_core.access.rights import Rights
from attune_core.access.roles import Permission
from attune_core.expressions.markers import decode
from attune_core.expressions.render import ExpressionError
from attune_core.expressions.scope import Scope
from attune_core.model.names import pack_of
from attune_core.model.status import ExecutionStatus
from attune_core.rules.match import match_in, parameters_in
from attune_core.rules.scope import scope_of
from attune_executor.context import Context
from attune_executor.isolation import Isolation
from attune_executor.rates import Rates, locked

_AT_ONCE = 100


class Scopes:
    """What rules see, made once for each pair of an event and a pack. `configs`: settings by pack."""

    def __init__(self, now: str, configs: Mapping[str | None, Mapping[str, Any]]) -> None:
        self._now, self._configs = now, configs
        self._made: dict[tuple[int, str | None], Scope] = {}

    def of(self, rule: Row, event: Row) -> Scope:
        key = (event["id"], rule["pack_ref"])
        if key not in self._made:
            config = self._configs.get(rule["pack_ref"], {})
            self._made[key] = scope_of(_seen(event), config, {"trace_id": event["trace_id"]}, self._now)
        return self._made[key]


def _seen(event: Row) -> dict[str, Any]:
    return {
        "id": event["id"],
        "trigger": event["trigger_ref"],
        "payload": decode(event["payload"], event["secrets"]),
        "created": event["created"].isoformat(),
        "source": event["source"],
    }


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a rule says of an event, and the parameters for its action when it matched; `sealed`: what they hide."""

    rule: Row
    event: Row
    enforcement: Enforcement
    parameters: dict[str, Any]
    sealed: tuple[Sealed, ...] = ()


class Enforce:
    """Each batch of events is one transaction; an event goes through the rules once."""

    def __init__(self, context: Context, isolation: Isolation) -> None:
        self._context = context
        self._isolation = isolation

    async def take(self, messages: Iterable[EventCreated]) -> None:
        ids = list(dict.fromkeys(message.event_id for message in messages))
        for start in range(0, len(ids), _AT_ONCE):
            await self._isolation.run(ids[start : start + _AT_ONCE], _subject, self._transact)

    async def _transact(self, ids: list[int]) -> None:
        await self._context.store.retrying(lambda unit: self._perform(unit, ids))

    async def _perform(self, unit: Unit, ids: list[int]) -> None:
        events = await events_matching.lock(unit, ids)
        if not events:
            return
        rules = await events_matching.rules(unit, {event["trigger_ref"] for event in events})
        held = await rights.of(unit, {rule["owner"] for rule in rules})
        scopes = Scopes((await unit.now()).isoformat(), await events_matching.configs(unit, rules))
        verdicts = [
            self._verdict(rule, event, held[rule["owner"]], scopes)
            for event in events
            for rule in rules
            if rule["trigger_ref"] == event["trigger_ref"] and _concerns(rule, event)
        ]
        verdicts = await _within_rates(unit, verdicts)
        await _store(unit, await self._sealed(unit, verdicts))
        await events_matching.done(unit, [event["id"] for event in events])

    def _verdict(self, rule: Row, event: Row, held: Rights, scopes: Scopes) -> _Verdict:
        matched, reason, parameters = self._judge(rule, event, scopes)
        if matched and not held.may(Permission.RUN, pack_of(rule["action_ref"])):
            matched, reason = False, f"matched, but the rule's owner may not run {rule['action_ref']}"
        return _Verdict(rule, event, Enforcement(rule["id"], rule["ref"], event["id"], matched, reason), parameters)

    def _judge(self, rule: Row, event: Row, scopes: Scopes) -> tuple[bool, str, dict[str, Any]]:
        limit = self._context.settings.limits.event_depth
        if event["depth"] >= limit:
            return False, f"the event came of {limit} others: a chain of rules that does not end", {}
        scope = scopes.of(rule, event)
        found = match_in(scope, rule["criteria"])
        if not found.matched:
            return False, found.reason, {}
        try:
            parameters = parameters_in(scope, rule["action_params"])
        except ExpressionError as problem:
            return False, f"matched, but the parameters cannot be rendered: {problem.message}", {}
        return True, found.reason, parameters

    async def _sealed(self, unit: Unit, verdicts: list[_Verdict]) -> list[_Verdict]:
        """What the matching rules' actions call secret is not stored in the clear, not even for a moment."""
        refs = {verdict.rule["action_ref"] for verdict in verdicts if verdict.enforcement.matched}
        actions = await actions_lookup.resolve(unit, refs) if refs else {}
        return [self._seal(verdict, actions.get(verdict.rule["action_ref"])) for verdict in verdicts]

    def _seal(self, verdict: _Verdict, action: Action | None) -> _Verdict:
        if action is None or not verdict.enforcement.matched:
            return verdict
        try:
            parameters, sealed = seal_parameters(self._context.vault, action.param_schema, verdict.parameters)
        except SecretsUnavailable as problem:
            reason = f"matched, but its parameters hold secrets: {problem.message}"
            return replace(verdict, enforcement=replace(verdict.enforcement, matched=False, reason=reason))
        return replace(verdict, parameters=parameters, sealed=tuple(sealed))


async def _within_rates(unit: Unit, verdicts: list[_Verdict]) -> list[_Verdict]:
    """In the order of the events: those beyond their rule's limit did not match."""
    matched = [verdict.rule for verdict in verdicts if verdict.enforcement.matched]
    rates = await locked(unit, matched, await unit.now())
    found = [_within_rate(rates, verdict) for verdict in verdicts]
    await rates.write(unit)
    return found


def _within_rate(rates: Rates, verdict: _Verdict) -> _Verdict:
    reason = rates.admit(verdict.rule) if verdict.enforcement.matched else ""
    if not reason:
        return verdict
    return replace(verdict, enforcement=replace(verdict.enforcement, matched=False, reason=reason))


def _concerns(rule: Row, event: Row) -> bool:
    """A tick of a rule's own timer is for that rule alone."""
    return event["source"].get("rule") in (None, rule["ref"])


def _subject(id: int) -> str:
    return f"event:{id}"


async def _store(unit: Unit, verdicts: list[_Verdict]) -> None:
    matched = [verdict for verdict in verdicts if verdict.enforcement.matched]
    ids = dict(zip(map(_key, matched), await executions.allocate(unit, len(matched)), strict=True))
    kept = await events_matching.insert(
        unit, [replace(verdict.enforcement, execution=ids.get(_key(verdict))) for verdict in verdicts]
    )
    new = [verdict for verdict in matched if _key(verdict) in kept]
    await executions.insert(unit, [_execution(ids[_key(verdict)], verdict) for verdict in new])
    await secrets.insert(unit, [Owned(one, execution=ids[_key(verdict)]) for verdict in new for one in verdict.sealed])
    for verdict in new:
        unit.emit(
            ExecutionRequested(
                execution_id=ids[_key(verdict)],
                action_ref=verdict.rule["action_ref"],
                trace_id=verdict.event["trace_id"],
            )
        )


def _key(verdict: _Verdict) -> tuple[int, str]:
    return verdict.enforcement.event, verdict.enforcement.rule_ref


def _execution(id: int, verdict: _Verdict) -> Execution:
    rule, event = verdict.rule, verdict.event
    return Execution(
        id=id,
        action_ref=rule["action_ref"],
        status=ExecutionStatus.REQUESTED,
        trace_id=event["trace_id"],
        identity=rule["owner"],
        rule_ref=rule["ref"],
        trigger_ref=event["trigger_ref"],
        event=event["id"],
        parameters=verdict.parameters,
    )
