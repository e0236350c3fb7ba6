"""Events go through the rules of their trigger: each gives an enforcement with a reason, a match an execution, which
starts at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionRequested
from attune_common.runtime import logging
from attune_common.store import events_matching, executions
from attune_common.store.actions_lookup import Action
from attune_common.store.connection import Row
from attune_common.store.errors import is_transient
from attune_common.store.executions import Execution
from attune_common.store.secrets import Owned
from attune_common.store.unit import Unit
from attune_common.vault.errors import SecretsUnavailable
from attune_common.vault.parameters import seal_parameters
from attune_core.model.status import ExecutionStatus
from attune_executor import access, dispatch
from attune_executor.batch import Batch
from attune_executor.context import Context
from attune_executor.finish import announce_status
from attune_executor.flush import flush
from attune_executor.isolation import Isolation
from attune_executor.opening import happened
from attune_executor.rates import locked
from attune_executor.rulebook import rules_of
from attune_executor.starts import start_all
from attune_executor.verdicts import Judge, Verdict
from attune_executor.workflows import MAX_BATCH, remember

_AT_ONCE = 200
_UNTOLD = (ExecutionStatus.SCHEDULED, ExecutionStatus.WAITING)
_log = logging.get("attune.rules")


class Enforce:
    """Each batch of events is one transaction; an event goes through the rules once. What more than so many executions
    need to start is left to the batches of those who take requests."""

    def __init__(self, context: Context, isolation: Isolation) -> None:
        self._context = context
        self._isolation = isolation

    async def take(self, messages: Iterable[EventCreated]) -> None:
        ids = list(dict.fromkeys(message.event_id for message in messages))
        for start in range(0, len(ids), _AT_ONCE):
            await self._isolation.run(ids[start : start + _AT_ONCE], _subject, self._transact)

    async def _transact(self, ids: list[int]) -> None:
        """Where something cannot even be started, what follows is asked for alone: the fault is its own then, and no
        event's."""
        try:
            await self._enforce(ids, at_once=True)
        except Exception as problem:
            if is_transient(problem):
                raise
            _log.debug("not started at once", events=len(ids), error=f"{type(problem).__name__}: {problem}")
            await self._enforce(ids, at_once=False)

    async def _enforce(self, ids: list[int], *, at_once: bool) -> None:
        work = partial(self._perform, ids=ids, at_once=at_once)
        batch = await self._context.store.retrying(work, late=True)
        if batch is not None:
            remember(batch)

    async def _perform(self, unit: Unit, ids: list[int], *, at_once: bool) -> Batch | None:
        """None when all of them have been through the rules."""
        opening = await happened(unit, self._context, ids)
        if opening is None:
            return None
        batch, events = opening
        verdicts = await _numbered(batch, await self._sealed(batch, await self._verdicts(batch, events)))
        rows = [_added(batch, verdict) for verdict in verdicts if verdict.matched]
        most = MAX_BATCH if at_once else 0
        await _start(batch, rows[:most])
        _request(batch, rows[most:])
        await flush(batch)
        await events_matching.insert(unit, [verdict.enforcement for verdict in verdicts])
        await events_matching.done(unit, [event["id"] for event in events])
        return batch

    async def _verdicts(self, batch: Batch, events: Iterable[Row]) -> list[Verdict]:
        rules = await rules_of(batch, {event["trigger_ref"] for event in events})
        await access.learn(batch, {rule["owner"] for each in rules.values() for rule in each.rules})
        judge = Judge(batch.now.isoformat(), batch.rights, self._context.settings.limits.event_depth)
        found = [verdict for event in events for verdict in judge.all_of(event, rules[event["trigger_ref"]])]
        return await _within_rates(batch, found)

    async def _sealed(self, batch: Batch, verdicts: list[Verdict]) -> list[Verdict]:
        """What the matching rules' actions call secret is not stored in the clear, not even for a moment."""
        await dispatch.resolve(batch, {(verdict.rule["action_ref"], None) for verdict in verdicts if verdict.matched})
        return [self._seal(verdict, batch.actions.get((verdict.rule["action_ref"], None))) for verdict in verdicts]

    def _seal(self, verdict: Verdict, action: Action | None) -> Verdict:
        if action is None or not verdict.matched or not action.has_secrets:
            return verdict
        try:
            parameters, sealed = seal_parameters(self._context.vault, action.param_schema, verdict.parameters)
        except SecretsUnavailable as problem:
            return verdict.refused(f"matched, but its parameters hold secrets: {problem.message}")
        return replace(verdict, parameters=parameters, sealed=tuple(sealed))


async def _within_rates(batch: Batch, verdicts: list[Verdict]) -> list[Verdict]:
    """In the order of the events: those beyond their rule's limit did not match."""
    rates = await locked(batch.unit, [verdict.rule for verdict in verdicts if verdict.matched], batch.now)
    reasons = [rates.admit(verdict.rule) if verdict.matched else "" for verdict in verdicts]
    await rates.write(batch.unit)
    return [verdict.refused(reason) if reason else verdict for verdict, reason in zip(verdicts, reasons, strict=True)]


def _subject(id: int) -> str:
    return f"event:{id}"


async def _numbered(batch: Batch, verdicts: list[Verdict]) -> list[Verdict]:
    """With ids for the executions that follow."""
    wanted = sum(verdict.matched for verdict in verdicts)
    batch.ids.extend(await executions.allocate(batch.unit, max(0, wanted - len(batch.ids))))
    return [verdict.followed_by(batch.ids.popleft()) if verdict.matched else verdict for verdict in verdicts]


def _added(batch: Batch, verdict: Verdict) -> Execution:
    row = _execution(verdict)
    batch.add(row)
    batch.sealed += [Owned(one, execution=row.id) for one in verdict.sealed]
    return row


def _execution(verdict: Verdict) -> Execution:
    rule, event = verdict.rule, verdict.event
    assert verdict.enforcement.execution is not None
    return Execution(
        id=verdict.enforcement.execution,
        action_ref=rule["action_ref"],
        status=ExecutionStatus.REQUESTED,
        trace_id=event["trace_id"],
        identity=rule["owner"],
        rule_ref=rule["ref"],
        trigger_ref=event["trigger_ref"],
        event=event["id"],
        parameters=verdict.parameters,
    )


async def _start(batch: Batch, rows: list[Execution]) -> None:
    """Watchers are told of all of them."""
    if not rows:
        return
    await start_all(batch, rows)
    for row in rows:
        if row.status in _UNTOLD:
            announce_status(batch, row)


def _request(batch: Batch, rows: list[Execution]) -> None:
    for row in rows:
        batch.emit(ExecutionRequested(execution_id=row.id, action_ref=row.action_ref, trace_id=row.trace_id))
