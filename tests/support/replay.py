"""Replays the journal of runs through the pure engine and tells where the stored rows say something else.

What a decision knew is made again from the journal itself: outcomes in the order in which the run was told them.
Only results of succeeded attempts come from the rows of executions, and lists from those of items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from attune_core.definition.compile import compile_graph
from attune_core.definition.graph import Graph
from attune_core.expressions.scope import MISSING
from attune_core.model.outcome import Outcome
from attune_core.model.status import OutcomeStatus
from attune_core.workflow.advance import advance
from attune_core.workflow.codec import run_to_json, task_to_json
from attune_core.workflow.commands import RecordItem
from attune_core.workflow.decision import Decision
from attune_core.workflow.facts import Facts, FailedItems
from attune_core.workflow.inputs import stored
from attune_core.workflow.journal import command_to_json, signal_from_json
from attune_core.workflow.signals import TaskFinished, TaskKey
from attune_core.workflow.state import RunState

Key = tuple[str, int, int | None]
Pass = tuple[str, int]
_FAR = 2**31

_RUN = """
SELECT r.id, r.status, r.revision, r.tries, r.state, r.variables, v.definition, p.config, e.parameters,
       e.secrets, p.config_secrets, e.id AS execution, e.trace_id, r.workflow_ref, i.login
FROM attune.workflow_run r
JOIN attune.workflow_version v ON v.digest = r.version
JOIN attune.execution e ON e.id = r.execution
LEFT JOIN attune.pack p ON p.ref = r.pack_ref
LEFT JOIN attune.identity i ON i.id = e.identity
WHERE r.id = $1
"""
_JOURNAL = "SELECT revision, signal, commands, facts FROM attune.journal WHERE workflow_run = $1 ORDER BY revision"
_RESULTS = "SELECT task_name, iteration, task_index, result FROM attune.execution WHERE workflow_run = $1"
_ITEMS = "SELECT task_name, iteration, first_index, items FROM attune.workflow_items WHERE workflow_run = $1"
_TASKS = "SELECT task_name, state FROM attune.workflow_task WHERE workflow_run = $1"


class Reader(Protocol):
    """A connection whose JSON columns come as values (`attune_common.store.connection.Connection`)."""

    async def fetch(self, query: str, *arguments: Any) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the journal."""

    revision: int
    signal: Mapping[str, Any]
    commands: list[Any]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """All that is stored of a run. `stored`: status, revision, tries, state, vars and tasks as its rows have them."""

    run: int
    graph: Graph
    journal: list[Line]
    fixed: dict[str, Any]
    results: dict[Key, Any]
    stored: dict[str, Any]


@dataclass(slots=True)
class _Book:
    """What the run has been told so far."""

    results: dict[Pass, Any] = field(default_factory=dict)
    details: dict[Pass, dict[int, Any]] = field(default_factory=dict)

    def note(self, key: TaskKey, outcome: Outcome) -> None:
        of = (key.task, key.iteration)
        if key.index is None:
            self.results[of] = outcome.result
        else:
            entry = {"status": outcome.status.value, "result": outcome.result, "error": outcome.error}
            self.details.setdefault(of, {})[key.index] = entry


class _Default(dict[Any, Any]):
    """Everything is known: what is not named has the default."""

    def __init__(self, known: Mapping[Any, Any], default: Any) -> None:
        super().__init__(known)
        self._default = default

    def __missing__(self, key: object) -> Any:
        return self._default

    def __contains__(self, key: object) -> bool:
        return True


async def load(reader: Reader, run: int) -> Recorded:
    """Errors: LookupError when there is no such run."""
    rows = await reader.fetch(_RUN, run)
    if not rows:
        raise LookupError(f"there is no run {run}")
    row = rows[0]
    tasks = {each["task_name"]: each["state"] for each in await reader.fetch(_TASKS, run)}
    ended = await reader.fetch(_RESULTS, run)
    return Recorded(
        run=run,
        graph=compile_graph(row["definition"]),
        journal=[Line(**dict(line)) for line in await reader.fetch(_JOURNAL, run)],
        fixed=_fixed(row) | {"items": _items(await reader.fetch(_ITEMS, run))},
        results={(each["task_name"], each["iteration"], each["task_index"]): each["result"] for each in ended},
        stored={name: row[name] for name in ("status", "revision", "tries", "state")}
        | {"vars": row["variables"], "tasks": tasks},
    )


def _fixed(row: Any) -> dict[str, Any]:
    return {
        "parameters": stored(row["parameters"], row["secrets"]),
        "pack_config": stored(row["config"], row["config_secrets"]),
        "sealed": bool(row["secrets"] or row["config_secrets"]),
        "system": {
            "execution_id": row["execution"],
            "workflow_execution_id": row["id"],
            "workflow": row["workflow_ref"],
            "identity": {"login": row["login"]},
            "trace_id": row["trace_id"],
        },
        "seed": str(row["id"]),
    }


def _items(rows: Iterable[Any]) -> dict[Pass, dict[int, Any]]:
    found: dict[Pass, dict[int, Any]] = {}
    for row in rows:
        held = found.setdefault((row["task_name"], row["iteration"]), {})
        held.update(enumerate(row["items"], row["first_index"]))
    return found


def replay(recorded: Recorded) -> list[str]:
    """What differs, in sentences; empty when the journal gives the stored state and every recorded command."""
    state, book = RunState(), _Book()
    for place, line in enumerate(recorded.journal, 1):
        if line.revision != place:
            return [f"run {recorded.run}: the journal has revision {line.revision} where {place} is due"]
        decision = _decide(recorded, book, state, line)
        if not decision.accepted or decision.state.revision != line.revision:
            return [f"run {recorded.run}, revision {line.revision}: the engine does not accept {line.signal}"]
        made = [command_to_json(command) for command in decision.commands]
        if made != line.commands:
            return [f"run {recorded.run}, revision {line.revision}: commands {made} instead of {line.commands}"]
        state = decision.state
    return list(_differences(recorded, as_stored(state)))


def _decide(recorded: Recorded, book: _Book, state: RunState, line: Line) -> Decision:
    signal = signal_from_json(line.signal, _result(recorded, line.signal))
    if isinstance(signal, TaskFinished):
        book.note(signal.key, signal.outcome)
    decision = advance(recorded.graph, state, signal, _facts(recorded, book, line))
    for command in decision.commands:
        if isinstance(command, RecordItem):
            book.note(command.key, command.outcome)
    return decision


def _result(recorded: Recorded, signal: Mapping[str, Any]) -> Any:
    if signal["type"] != "TaskFinished" or signal["outcome"]["status"] != "succeeded":
        return None
    key = signal["key"]
    return recorded.results.get((key["task"], key["iteration"], key["index"]))


def _facts(recorded: Recorded, book: _Book, line: Line) -> Facts:
    return Facts(
        now=datetime.fromisoformat(line.facts["now"]),
        kv=_Default(line.facts.get("kv", {}), MISSING),
        secrets=line.facts.get("secrets", {}),
        results=_Default(book.results, None),
        item_details=_Default(book.details, {}),
        failed_items=_Default(_failed(line), FailedItems(0, _FAR)),
        **recorded.fixed,
    )


def _failed(line: Line) -> dict[Pass, FailedItems]:
    """The items that ran again, as the commands name them."""
    found: dict[Pass, dict[int, OutcomeStatus]] = {}
    for command in line.commands:
        if command.get("again"):
            key = command["key"]
            found.setdefault((key["task"], key["iteration"]), {})[key["index"]] = OutcomeStatus(command["again"])
    return {of: FailedItems(0, _FAR, tuple(items), tuple(items.values())) for of, items in found.items()}


def as_stored(state: RunState) -> dict[str, Any]:
    """A state in the form of its rows."""
    return {
        "status": state.status.value,
        "revision": state.revision,
        "tries": state.tries,
        "state": run_to_json(state),
        "vars": dict(state.vars),
        "tasks": {name: task_to_json(task) for name, task in state.tasks.items()},
    }


def _differences(recorded: Recorded, made: Mapping[str, Any]) -> Iterable[str]:
    for name, value in recorded.stored.items():
        if made[name] != value:
            yield f"run {recorded.run}: {name} is stored as {value}, the journal gives {made[name]}"
