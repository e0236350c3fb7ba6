"""Replays the journal of a run through the engine, with what the rows say, and compares it with the stored state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.integration.executor.world import World

from attune_core.definition.compile import compile_graph
from attune_core.expressions.scope import MISSING
from attune_core.model.status import EXECUTION_STATUS_OF
from attune_core.workflow.advance import advance
from attune_core.workflow.codec import run_to_json, task_to_json
from attune_core.workflow.facts import Facts
from attune_core.workflow.journal import signal_from_json
from attune_core.workflow.state import RunState

_OUTCOME = {status.value: outcome.value for outcome, status in EXECUTION_STATUS_OF.items()}


async def replayed(world: World, run: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the rows say, what the journal gives): state, variables and tasks."""
    row = (await world.rows("SELECT * FROM attune.workflow_run WHERE id = $1", run))[0]
    query = "SELECT definition FROM attune.workflow_version WHERE digest = $1"
    graph = compile_graph(await world.value(query, row["version"]))
    known = await _facts(world, row)
    state = RunState()
    for line in await world.rows("SELECT * FROM attune.journal WHERE workflow_run = $1 ORDER BY revision", run):
        facts = _at(known, line["facts"])
        signal = signal_from_json(line["signal"], _result(known, line["signal"]))
        decision = advance(graph, state, signal, facts)
        assert decision.accepted
        assert decision.state.revision == line["revision"]
        state = decision.state
    tasks = await world.rows("SELECT task_name, state FROM attune.workflow_task WHERE workflow_run = $1", run)
    stored = {"state": row["state"], "vars": row["variables"], "tasks": {t["task_name"]: t["state"] for t in tasks}}
    made = {name: task_to_json(task) for name, task in state.tasks.items()}
    return stored, {"state": run_to_json(state), "vars": dict(state.vars), "tasks": made}


async def _facts(world: World, run: Any) -> dict[str, Any]:
    execution = (await world.rows("SELECT * FROM attune.execution WHERE id = $1", run["execution"]))[0]
    known: dict[str, Any] = {"results": {}, "item_details": {}, "items": {}}
    known["parameters"] = execution["parameters"]
    known["seed"] = str(run["id"])
    for row in await world.rows("SELECT * FROM attune.execution WHERE workflow_run = $1", run["id"]):
        of = (row["task_name"], row["iteration"])
        known["results"].setdefault(of, None)
        details = known["item_details"].setdefault(of, {})
        if row["task_index"] is None:
            known["results"][of] = row["result"]
        else:
            entry = {"status": _OUTCOME[row["status"]], "result": row["result"], "error": row["error"]}
            details[row["task_index"]] = entry
    for row in await world.rows("SELECT * FROM attune.workflow_items WHERE workflow_run = $1", run["id"]):
        items = known["items"].setdefault((row["task_name"], row["iteration"]), {})
        items.update(enumerate(row["items"], row["first_index"]))
    return known


class _Recorded(dict[str, Any]):
    """The datastore as the decision saw it: what the journal does not name did not exist."""

    def __missing__(self, key: str) -> Any:
        return MISSING

    def __contains__(self, key: object) -> bool:
        return True


def _at(known: dict[str, Any], line: dict[str, Any]) -> Facts:
    now = datetime.fromisoformat(line["now"])
    return Facts(now=now, kv=_Recorded(line.get("kv", {})), pack_config={"region": "north"}, **known)


def _result(known: dict[str, Any], signal: dict[str, Any]) -> Any:
    if signal["type"] != "TaskFinished" or signal["outcome"]["status"] != "succeeded":
        return None
    key = signal["key"]
    of = (key["task"], key["iteration"])
    if key["index"] is None:
        return known["results"][of]
    return known["item_details"][of][key["index"]]["result"]
