"""What the store would keep of one run, kept in memory: it answers the engine's questions exactly when asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from attune_core.definition.graph import Graph
from attune_core.expressions.markers import holds_secret
from attune_core.expressions.scope import MISSING, FactsMissing
from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.advance import advance
from attune_core.workflow.commands import Command, FinishExecution, RecordItem, RunAction, StoreItems
from attune_core.workflow.facts import Facts, FailedItems
from attune_core.workflow.signals import Signal, TaskKey
from attune_core.workflow.state import RunState

_GOOD = (OutcomeStatus.SUCCEEDED, OutcomeStatus.SKIPPED)


@dataclass
class MemoryRun:
    """One run of `graph`. `inputs` and `ended` are by task key; `items` holds the lists of iterations."""

    graph: Graph
    now: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pack_config: Mapping[str, Any] = field(default_factory=dict)
    kv: Mapping[str, Any] = field(default_factory=dict)
    window: int = 100
    state: RunState = field(default_factory=RunState)
    commands: list[Command] = field(default_factory=list)
    inputs: dict[TaskKey, Mapping[str, Any]] = field(default_factory=dict)
    ended: dict[TaskKey, Outcome] = field(default_factory=dict)
    items: dict[tuple[str, int], tuple[Any, ...]] = field(default_factory=dict)

    def tell(self, signal: Signal) -> list[Command]:
        """Advance by one signal; returns the commands of this decision alone."""
        facts = self._facts()
        while True:
            try:
                decision = advance(self.graph, self.state, signal, facts)
                break
            except FactsMissing as missing:
                facts = self._fetch(facts, missing)
        self.state = decision.state
        self._keep(decision.commands)
        return list(decision.commands)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _facts(self) -> Facts:
        system = {
            "workflow": self.graph.ref,
            "execution_id": 1,
            "workflow_execution_id": 1,
            "identity": {"login": "rehearsal"},
            "trace_id": "rehearsal",
        }
        sealed = holds_secret(self.parameters) or holds_secret(self.pack_config)
        return Facts(self.now, self.parameters, self.pack_config, system, sealed=sealed, window=self.window)

    def _fetch(self, facts: Facts, missing: FactsMissing) -> Facts:
        results = {**facts.results, **{each: self._result(*each) for each in missing.tasks}}
        details = {**facts.item_details, **{each: self._details(*each) for each in missing.tasks}}
        kv = {**facts.kv, **{key: self.kv.get(key, MISSING) for key in missing.kv}}
        secrets = {**facts.secrets, **{key: key for key in missing.secrets}}
        items = dict(facts.items)
        for task, iteration, first, count in missing.items:
            window = dict(enumerate(self.items[(task, iteration)][first : first + count], first))
            items[(task, iteration)] = {**items.get((task, iteration), {}), **window}
        failed = dict(facts.failed_items)
        for task, iteration, first, until in missing.failed:
            failed[(task, iteration)] = self._failed(task, iteration, first, until)
        return replace(
            facts, results=results, item_details=details, kv=kv, secrets=secrets, items=items, failed_items=failed
        )

    def _keep(self, commands: tuple[Command, ...]) -> None:
        self.commands.extend(commands)
        for command in commands:
            match command:
                case RunAction():
                    self.inputs[command.key] = command.parameters
                    self.ended.pop(command.key, None)
                case FinishExecution() | RecordItem():
                    self.ended[command.key] = command.outcome
                case StoreItems():
                    self.items[(command.task, command.iteration)] = command.items
                case _:
                    pass

    def _result(self, task: str, iteration: int) -> Any:
        outcome = self.ended.get(TaskKey(task, iteration))
        return outcome.result if outcome else None

    def _failed(self, task: str, iteration: int, first: int, until: int) -> FailedItems:
        found = sorted(
            (key.index, outcome.status)
            for key, outcome in self.ended.items()
            if (key.task, key.iteration) == (task, iteration) and key.index is not None and first <= key.index < until
        )
        bad = [(index, status) for index, status in found if status not in _GOOD]
        return FailedItems(first, until, tuple(index for index, _ in bad), tuple(status for _, status in bad))

    def _details(self, task: str, iteration: int) -> dict[int, dict[str, Any]]:
        return {
            key.index: {"status": outcome.status.value, "result": outcome.result, "error": outcome.error}
            for key, outcome in self.ended.items()
            if (key.task, key.iteration) == (task, iteration) and key.index is not None
        }
