"""Runs come in hand: locked in id order, their state from the process cache or from their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from attune_common.store import runs, tasks
from attune_common.store.connection import Row
from attune_core.definition.graph import Graph
from attune_core.model.status import ExecutionStatus
from attune_core.workflow.codec import run_from_json
from attune_core.workflow.inputs import stored
from attune_core.workflow.state import RunState
from attune_executor import graphs
from attune_executor.batch import Batch, RunInHand
from attune_executor.caches import Known, RunContext


async def lock_runs(batch: Batch, ids: Iterable[int], *, patient: bool = True) -> None:
    """Lock the runs that the batch does not hold yet and load what the process does not know of them.

    Not `patient`: those that somebody else holds just now are left out.
    """
    wanted = set(ids) - batch.runs.keys()
    if not wanted:
        return
    await take_runs(batch, await runs.lock(batch.unit, wanted, patient=patient))


async def take_runs(
    batch: Batch, locked: Sequence[Mapping[str, Any] | Row], ahead: Mapping[int, Known] = MappingProxyType({})
) -> None:
    """Have them in hand. `locked`: rows of id, revision, config and config_secrets. `ahead`: what is about to be
    stored of some."""
    known = {row["id"]: ahead.get(row["id"]) or _cached(batch, row) for row in locked}
    unknown = [row for row in locked if known[row["id"]] is None]
    if unknown:
        known |= await _load(batch, unknown)
    compiled = await graphs.load(
        batch.unit, batch.context.caches, {run.context.version for run in known.values() if run is not None}
    )
    for row in locked:
        run = known[row["id"]]
        assert run is not None
        batch.runs[row["id"]] = in_hand(run, compiled[run.context.version], row)


def in_hand(known: Known, graph: Graph | Exception, row: Mapping[str, Any] | Row) -> RunInHand:
    """`row`: config and config_secrets of the pack. Errors: the problem that the stored definition has."""
    if isinstance(graph, Exception):
        raise graph
    config = stored(row["config"], row["config_secrets"])
    sealed = known.context.sealed or bool(row["config_secrets"])
    return RunInHand(known.context, graph, known.state, known.state, config, sealed=sealed)


def _cached(batch: Batch, row: Mapping[str, Any] | Row) -> Known | None:
    known = batch.context.caches.runs.get(row["id"])
    return known if known is not None and known.state.revision == row["revision"] else None


async def _load(batch: Batch, locked: Sequence[Mapping[str, Any] | Row]) -> dict[int, Known | None]:
    ids = [row["id"] for row in locked]
    states = await tasks.load(batch.unit, ids)
    rows = await runs.load(batch.unit, ids)
    return {row["id"]: Known(_context(row), _state(row, states[row["id"]])) for row in rows}


def _state(row: Row, task_states: dict[str, Any]) -> RunState:
    return run_from_json(
        row["state"],
        status=ExecutionStatus(row["status"]),
        revision=row["revision"],
        tries=row["tries"],
        variables=row["variables"],
        tasks=task_states,
    )


def _context(row: Row) -> RunContext:
    return RunContext(
        id=row["id"],
        execution=row["execution"],
        workflow_ref=row["workflow_ref"],
        workflow_def=row["workflow_def"],
        version=row["version"],
        pack_ref=row["pack_ref"],
        action_ref=row["action_ref"],
        parameters=stored(row["parameters"], row["secrets"]),
        trace_id=row["trace_id"],
        token=row["token"],
        root=row["root"] or row["execution"],
        depth=row["depth"],
        identity=row["identity"],
        login=row["login"],
        rule_ref=row["rule_ref"],
        trigger_ref=row["trigger_ref"],
        parent_run=row["parent_run"],
        task=row["task_name"],
        iteration=row["iteration"],
        index=row["task_index"],
        sealed=bool(row["secrets"]),
        pack_version=row["pack_version"],
    )
