"""Events go through the rules of their trigger: each gives an enforcement with a reason, a match an execution."""

from __future__ import annotations

from collections.abc import Iterable
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
from attune_core.expressions.render import ExpressionError
from attune_core.model.names import pack_of
from attune_core.model.status import ExecutionStatus
from attune_core.rules.match import match, render_parameters
from attune_core.workflow.inputs import stored
from attune_executor.context import Context
from attune_executor.isolation import Isolation

_AT_ONCE = 100


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
        now = (await unit.now()).isoformat()
        verdicts = [
            self._verdict(rule, event, held[rule["owner"]], now)
            for event in events
            for rule in rules
            if rule["trigger_ref"] == event["trigger_ref"] and _concerns(rule, event)
        ]
        await _store(unit, await self._sealed(unit, verdicts))
        await events_matching.done(unit, [event["id"] for event in events])

    def _verdict(self, rule: Row, event: Row, held: Rights, now: str) -> _Verdict:
        seen = {
            "id": event["id"],
            "trigger": event["trigger_ref"],
            "payload": event["payload"],
            "created": event["created"].isoformat(),
            "source": event["source"],
        }
        matched, reason, parameters = self._judge(rule, event, seen, now)
        if matched and not held.may(Permission.RUN, pack_of(rule["action_ref"])):
            matched, reason = False, f"matched, but the rule's owner may not run {rule['action_ref']}"
        return _Verdict(rule, event, Enforcement(rule["id"], rule["ref"], event["id"], matched, reason), parameters)

    def _judge(self, rule: Row, event: Row, seen: dict[str, Any], now: str) -> tuple[bool, str, dict[str, Any]]:
        limit = self._context.settings.limits.event_depth
        if event["depth"] >= limit:
            return False, f"the event came of {limit} others: a chain of rules that does not end", {}
        config = stored(rule["config"], rule["config_secrets"])
        system = {"trace_id": event["trace_id"]}
        found = match(rule["criteria"], seen, pack_config=config, system=system, now=now)
        if not found.matched:
            return False, found.reason, {}
        try:
            parameters = render_parameters(rule["action_params"], seen, pack_config=config, system=system, now=now)
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
    await secrets.insert(
        unit, [Owned(one, execution=ids[_key(verdict)]) for verdict in new for one in verdict.sealed]
    )
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
