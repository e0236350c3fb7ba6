"""What templates see of a run: views of tasks, made only when a template looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from attune_core.definition.graph import TaskKind
from attune_core.expressions.failures import ExpressionError
from attune_core.expressions.scope import MISSING, FactsMissing, Scope
from attune_core.expressions.secrets import Secret
from attune_core.model.moments import iso
from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.draft import Draft
from attune_core.workflow.facts import Facts
from attune_core.workflow.state import Ended, Phase

_FIELDS = (
    "status",
    "result",
    "error",
    "started_at",
    "completed_at",
    "duration",
    "attempt",
    "iteration",
    "items",
    "total_count",
    "succeeded_count",
    "failed_count",
)


class TaskView(Mapping[str, Any]):
    """`task.<name>`: the latest activation that ended."""

    def __init__(self, draft: Draft, name: str) -> None:
        self._draft = draft
        self._name = name

    def __getitem__(self, field: str) -> Any:
        if field not in _FIELDS:
            raise KeyError(field)
        ended = self._draft.task(self._name).last
        if field == "status":
            return self._status(ended)
        if ended is None:
            return None
        return self._field(ended, field)

    def __iter__(self) -> Iterator[str]:
        return iter(_FIELDS)

    def __len__(self) -> int:
        return len(_FIELDS)

    def _status(self, ended: Ended | None) -> str:
        if ended is not None:
            return ended.status.value
        current = self._draft.task(self._name).current
        return "pending" if current is None or current.phase is Phase.READY else "running"

    def _field(self, ended: Ended, field: str) -> Any:
        match field:
            case "result":
                return result_of(self._draft, self._name)
            case "items":
                return _details_of(self._draft, self._name, ended)
            case "error":
                return ended.error
            case "attempt" | "iteration":
                return getattr(ended, field)
            case "started_at" | "completed_at":
                time = getattr(ended, field)
                return None if time is None else iso(time)
            case "duration":
                return _duration(ended)
            case _:
                return _count(ended, field)


def _duration(ended: Ended) -> float | None:
    if ended.started_at is None or ended.completed_at is None:
        return None
    return (ended.completed_at - ended.started_at).total_seconds()


def _count(ended: Ended, field: str) -> int | None:
    counts = ended.items
    if counts is None:
        return None
    if field == "total_count":
        return counts.total
    if field == "succeeded_count":
        return counts.succeeded + counts.skipped
    return counts.failed + counts.timed_out


def result_of(draft: Draft, name: str) -> Any:
    """The result of a task's latest ended activation. Errors: FactsMissing when it was not fetched."""
    if name in draft.results:
        return draft.results[name]
    node, ended = draft.node(name), draft.task(name).last
    if ended is None or ended.status is OutcomeStatus.SKIPPED:
        return None
    if node.kind is TaskKind.PARALLEL:
        return {child: result_of(draft, child) for child in node.children}
    if node.kind is TaskKind.NOOP:
        return None if ended.items is None else [None] * ended.items.total
    if ended.items is not None:
        return _list_of(draft, name, ended.iteration, ended.items.total)
    return _fetched(draft.facts.results, (name, ended.iteration))


def _list_of(draft: Draft, name: str, iteration: int, total: int) -> list[Any]:
    """The results of all items in order, put together once per decision, or by the shell once for many."""
    place = (name, iteration)
    if place in draft.lists:
        return draft.lists[place]
    whole = None if place in draft.item_outcomes else draft.facts.results.get(place)
    if not isinstance(whole, list) or len(whole) != total:
        whole = [detail["result"] for detail in _details(draft, name, iteration, total)]
    draft.lists[place] = whole
    return whole


def _details_of(draft: Draft, name: str, ended: Ended) -> Any:
    return None if ended.items is None else _details(draft, name, ended.iteration, ended.items.total)


def _details(draft: Draft, name: str, iteration: int, total: int) -> list[Any]:
    """Of all items in order: what the store has, and over it what this decision ends."""
    fresh = draft.item_outcomes.get((name, iteration), {})
    stored = {} if len(fresh) == total else _fetched(draft.facts.item_details, (name, iteration))
    return [_shown(fresh[index]) if index in fresh else stored.get(index, _NOT_RUN) for index in range(total)]


_NOT_RUN = {"status": OutcomeStatus.CANCELLED.value, "result": None, "error": None}


def _shown(outcome: Outcome) -> dict[str, Any]:
    return {"status": outcome.status.value, "result": outcome.result, "error": outcome.error}


def _fetched(facts: Mapping[tuple[str, int], Any], task_pass: tuple[str, int]) -> Any:
    if task_pass not in facts:
        raise FactsMissing(tasks=frozenset({task_pass}))
    return facts[task_pass]


class _TaskViews(Mapping[str, Mapping[str, Any]]):
    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in self._draft.graph.tasks:
            raise KeyError(name)
        return TaskView(self._draft, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._draft.graph.tasks)

    def __len__(self) -> int:
        return len(self._draft.graph.tasks)


def _kv(facts: Facts, key: str) -> Any:
    if key not in facts.kv:
        raise FactsMissing(kv=frozenset({key}))
    return facts.kv[key]


def _secret(facts: Facts, key: str) -> Secret:
    if key not in facts.secrets:
        raise FactsMissing(secrets=frozenset({key}))
    found = facts.secrets[key]
    if found is None:
        raise ExpressionError(
            f"There is no secret {key!r} that this run may use",
            code="forbidden_secret",
            hint="it needs the right to run on the secret's pack, or to be one of the secret's readers",
        )
    return Secret.of(found)


def scope_for(
    draft: Draft,
    *,
    outcome: Outcome | None = None,
    item: Any = MISSING,
    index: Any = MISSING,
    variables: Mapping[str, Any] | None = None,
) -> Scope:
    """`outcome`: that of the finished task, for its own publish, transitions and retry condition."""
    if draft.surroundings is None:
        draft.surroundings = _surroundings(draft)
    return Scope(
        **draft.surroundings,
        tasks=_TaskViews(draft),
        vars=draft.vars if variables is None else variables,
        item=item,
        index=index,
        result=MISSING if outcome is None else outcome.result,
        error=MISSING if outcome is None else outcome.error,
        outcome=None if outcome is None else outcome.status.value,
    )


def _surroundings(draft: Draft) -> dict[str, Any]:
    """What all scopes of a decision share. The draft keeps it, so nothing in it may hold the draft: a circle would stay
    until the garbage collector comes by, with all that the decision has made."""
    facts = draft.facts
    now = iso(facts.now)
    return {
        "parameters": facts.parameters,
        "pack_config": facts.pack_config,
        "system": {**facts.system, "timestamp": now},
        "kv": partial(_kv, facts),
        "secret": partial(_secret, facts),
        "sealed": facts.sealed or bool(facts.secrets),
        "now": now,
        "meter": draft.meter,
    }
