"""What must hold after every commit, and what must hold when everything has come to rest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attune_core.definition.graph import Graph
from attune_core.execution.reports import MAX_LOSSES
from attune_core.execution.transitions import may_follow
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.broken import ENGINE_ERROR
from tests.simulator.conduct import Conduct
from tests.simulator.database import FINALS, Change, Database, Row
from tests.simulator.truth import Truth
from tests.simulator.violation import Violation
from tests.support.replay import Line, Recorded, replay

if TYPE_CHECKING:
    from tests.simulator.world import World

_AT_WORK = ("scheduled", "running")
_FIRED = ("retry", "delay", "run_timeout")


class Invariants:
    """`progress`: when something last moved on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._database: Database = world.database
        self._told: set[tuple[Any, ...]] = set()
        self._tries: dict[int, int] = {}
        self._truth, self._conduct = Truth(world), Conduct(world)
        self.progress = 0.0

    def watch(self, changes: list[Change]) -> None:
        """After each commit. Errors: Violation."""
        rows: dict[tuple[str, Any], Change] = {}
        for change in changes:
            first = rows.get((change.table, change.key))
            before = first.before if first is not None else change.before
            rows[(change.table, change.key)] = Change(change.table, change.key, before, change.after)
        runs: set[int] = set()
        for change in rows.values():
            runs |= self._look_at(change)
        self._timers(rows.values())
        self._conduct.watch(list(rows.values()))
        for run in sorted(runs):
            self._look_at_run(run)

    def _look_at(self, change: Change) -> set[int]:
        match change.table:
            case "execution" if change.after is not None:
                self._execution(change.before, change.after)
                run = change.after["workflow_run"]
                return set() if run is None else {run}
            case "workflow_run" if change.after is not None:
                self._revision(change)
                return {change.key}
            case "journal":
                self._journal(change)
                self.progress = self._world.clock.seconds
            case "incident" if change.after is not None:
                told = str(change.after["detail"].get("error", ""))
                raise Violation("incident", f"{change.key}: {told[:200]}")
            case _:
                pass
        return set()

    def _execution(self, before: Row | None, after: Row) -> None:
        if before is None or before["status"] != after["status"]:
            self.progress = self._world.clock.seconds
            self._world.tell("rows", f"execution {after['id']}.{after['attempt']} is {after['status']}")
        if before is not None:
            self._transition(before, after)
        retries = after["attempt"] - after["losses"] - after["attempts_before"] - 1
        if retries > after["max_retries"]:
            raise Violation("attempts", f"execution {after['id']}: {retries} retries of {after['max_retries']}")
        if after["losses"] > MAX_LOSSES:
            raise Violation("lost_again", f"execution {after['id']} goes on after {after['losses']} losses")
        if after["status"] in _AT_WORK and not after["is_workflow"] and after["token"] is None:
            raise Violation("no_token", f"execution {after['id']} is {after['status']} and has no token")

    def _transition(self, before: Row, after: Row) -> None:
        if after["losses"] > before["losses"] and _is_claimed(before) and not self._conduct.may_repeat(after):
            raise Violation("lost_again", f"execution {after['id']} goes on though attempt {before['attempt']} began")
        old, new = ExecutionStatus(before["status"]), ExecutionStatus(after["status"])
        if not may_follow(old, new, new_try=after["tries"] > before["tries"]):
            raise Violation("transition", f"execution {after['id']}: {old} to {new}")
        ended = {"status", "result", "error", "attempt"}
        if new.is_final and not old.is_final:
            self._truth.look_at(after)
        if old.is_final and after["tries"] == before["tries"] and any(before[name] != after[name] for name in ended):
            raise Violation("final", f"execution {after['id']} was {old} and has changed")
        forgets = after["losses"] < before["losses"] and after["tries"] == before["tries"]
        if after["attempt"] < before["attempt"] or forgets:
            raise Violation("attempts", f"execution {after['id']} goes back to attempt {after['attempt']}")

    def _revision(self, change: Change) -> None:
        before, after = change.before, change.after
        assert after is not None
        old = 0 if before is None else before["revision"]
        if after["revision"] < old or (before is not None and old == after["revision"] and before != after):
            raise Violation("revision", f"run {change.key}: revision {old} is followed by {after['revision']}")
        for revision in range(old + 1, after["revision"] + 1):
            if (change.key, revision) not in self._database.tables["journal"]:
                raise Violation("journal", f"run {change.key}: revision {revision} has no line")
        moved = before is None or before["status"] != after["status"]
        if moved and before is not None and before["status"] in FINALS and before["tries"] == after["tries"]:
            raise Violation("final", f"run {change.key}: {before['status']} to {after['status']}")
        if moved:
            self._world.tell("rows", f"run {change.key} of execution {after['execution']} is {after['status']}")

    def _journal(self, change: Change) -> None:
        line = change.after
        if change.before is not None or line is None:
            raise Violation("journal", f"line {change.key} has changed")
        signal = line["signal"]
        self._world.tell("journal", f"run {line['workflow_run']} r{line['revision']}: {shown(signal)}")
        run = line["workflow_run"]
        for command in line["commands"]:
            if command["type"] == "FinishRun" and (command.get("error") or {}).get("type") == ENGINE_ERROR:
                raise Violation("engine_error", f"run {run}: {command['error']['message']} at {shown(signal)}")
        if signal["type"] == "RetryRequested":
            self._tries[run] = self._tries.get(run, 1) + 1
        if signal["type"] == "TaskFinished":
            key = signal["key"]
            what = (run, self._tries.get(run, 1), *key.values(), signal["attempt"])
            if what in self._told:
                raise Violation("two_outcomes", f"run {run} was told twice of {shown(signal)}")
            self._told.add(what)
            self._truth.look_at_report(run, signal)

    def _timers(self, changes: Iterable[Change]) -> None:
        """A timer that is gone has fired in the journal of the same commit, or its run is over."""
        changes = list(changes)
        gone = [c.before for c in changes if c.table == "timer" and c.after is None and c.before is not None]
        if not gone:
            return
        fired = [c.after["signal"] for c in changes if c.table == "journal" and c.after is not None]
        for timer in gone:
            run = self._database.run(timer["workflow_run"])
            over = run["status"] in FINALS or any(signal["type"] == "RetryRequested" for signal in fired)
            if timer["kind"] in _FIRED and not over and not any(_is_firing(signal, timer) for signal in fired):
                raise Violation("timer", f"run {run['id']}: {timer['kind']} {timer['target']} left no trace")

    def _look_at_run(self, id: int) -> None:
        run, rows = self._database.run(id), self._database.in_run(id)
        live = [row for row in rows if row["status"] not in FINALS]
        if run["status"] in FINALS and live:
            raise Violation("left_behind", f"run {id} is {run['status']} and {live[0]['id']} is {live[0]['status']}")
        if run["status"] in FINALS and any(t["workflow_run"] == id for t in self._database.tables["timer"].values()):
            raise Violation("left_behind", f"run {id} is {run['status']} and has a timer")
        self._concurrency(id, live)
        at_work = [row["id"] for row in live if row["status"] in _AT_WORK and not row["is_workflow"]]
        if run["status"] in ("waiting", "paused") and at_work:
            raise Violation("waits_and_works", f"run {id} is {run['status']} and execution {at_work[0]} is at work")
        self._conduct.check_asked(run, live)

    def _concurrency(self, run: int, live: list[Row]) -> None:
        counts: dict[tuple[str, int], int] = {}
        for row in live:
            if row["task_index"] is not None:
                place = (row["task_name"], row["iteration"])
                counts[place] = counts.get(place, 0) + 1
        for (task, iteration), count in counts.items():
            state = self._database.tables["workflow_task"][(run, task)]["state"]
            current = state.get("current") or {}
            limit = current.get("items", {}).get("limit", 0) if current.get("iteration") == iteration else 0
            if count > limit:
                raise Violation("concurrency", f"run {run}: {count} items of {task} are live, {limit} may be")
            waiting = sum(_waits(row, task, iteration) for row in live)
            if limit and waiting != current["items"].get("waiting", 0):
                raise Violation("waiting", f"run {run}: {waiting} items of {task} wait, the state says {current}")

    def check_at_the_end(self) -> None:
        """Nothing stuck, nothing live, no timer, and every journal gives its state."""
        self._conduct.check_at_the_end()
        database = self._database
        for row in database.executions():
            raise Violation("stuck", f"execution {row['id']} of {row['action_ref']} stays {row['status']}")
        for run in database.tables["workflow_run"].values():
            if run["status"] not in FINALS:
                raise Violation("stuck", f"run {run['id']} stays {run['status']}")
            self._replayed(run)
        for table in ("timer", "outbox"):
            for row in database.tables[table].values():
                raise Violation("left_over", f"{table}: {row}")
        for id in database.open_requests:
            raise Violation("left_over", f"request {database.tables['run_request'][id]}")
        for event in database.tables["event"].values():
            if not event["matched"]:
                raise Violation("left_over", f"event {event['id']} went through no rules")

    def _replayed(self, run: Row) -> None:
        for difference in replay(recorded(self._database, run, self._world.graph(run["version"]))):
            raise Violation("replay", difference)


def _waits(row: Row, task: str, iteration: int) -> bool:
    here = (row["task_name"], row["iteration"]) == (task, iteration)
    return here and row["task_index"] is not None and row["status"] == "waiting"


def _is_firing(signal: Row, timer: Row) -> bool:
    if signal["type"] != "TimerFired" or signal["kind"] != timer["kind"]:
        return False
    target = timer["target"]
    if signal["key"] is None:
        return "task" not in target
    same_key = all(signal["key"][name] == target.get(name) for name in ("task", "iteration", "index"))
    return same_key and bool(signal["attempt"] == target["attempt"])


def recorded(database: Database, run: Row, graph: Graph) -> Recorded:
    """All that is stored of the run, as the replayer wants it."""
    id, execution = run["id"], database.tables["execution"][run["execution"]]
    lines = [line for (of, _), line in sorted(database.tables["journal"].items()) if of == id]
    tasks = {task: row["state"] for (of, task), row in database.tables["workflow_task"].items() if of == id}
    names = ("revision", "signal", "commands", "facts")
    rows = database.in_run(id)
    return Recorded(
        run=id,
        graph=graph,
        journal=[Line(**{name: line[name] for name in names}) for line in lines],
        fixed={**_fixed(run, execution), "items": _items(database, id)},
        results={(row["task_name"], row["iteration"], row["task_index"]): row["result"] for row in rows},
        stored={name: run[name] for name in ("status", "revision", "tries", "state")}
        | {"vars": run["variables"], "tasks": tasks},
    )


def _fixed(run: Row, execution: Row) -> dict[str, Any]:
    system = {
        "execution_id": execution["id"],
        "workflow_execution_id": run["id"],
        "workflow": run["workflow_ref"],
        "identity": {"login": "user"},
        "trace_id": execution["trace_id"],
    }
    parameters = execution["parameters"]
    return {"parameters": parameters, "pack_config": {}, "system": system, "seed": str(run["id"])}


def _items(database: Database, run: int) -> dict[tuple[str, int], dict[int, Any]]:
    found: dict[tuple[str, int], dict[int, Any]] = {}
    for (of, task, iteration, first), row in database.tables["workflow_items"].items():
        if of == run:
            found.setdefault((task, iteration), {}).update(enumerate(row["items"], first))
    return found


def shown(signal: Row) -> str:
    """A signal in a few words."""
    parts = [signal["type"]]
    if signal.get("key"):
        key = signal["key"]
        index = "" if key["index"] is None else f"[{key['index']}]"
        parts.append(f"{key['task']}/{key['iteration']}{index}")
    if "attempt" in signal:
        parts.append(f"#{signal['attempt']}")
    if "outcome" in signal:
        parts.append(signal["outcome"]["status"])
    if "kind" in signal:
        parts.append(signal["kind"])
    if signal.get("tasks"):
        parts.append(json.dumps(signal["tasks"]))
    return " ".join(str(part) for part in parts)


def _is_claimed(row: Row) -> bool:
    """Whether a worker was let begin the current attempt: what was never claimed may be given to another."""
    return row["token"] is not None and (row["claim"] or "").startswith(row["token"])
