"""Fetches what decisions read: predicted for all runs of a batch at once, and again when one raised FactsMissing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Protocol

from attune_common.store import executions, items
from attune_common.store.connection import Row
from attune_common.store.items import CHUNK, ChunkKey, chunk_keys
from attune_core.expressions.scope import FactsMissing
from attune_core.model.status import EXECUTION_STATUS_OF, ExecutionStatus, OutcomeStatus
from attune_core.workflow import needs
from attune_core.workflow.facts import Facts, FailedItems
from attune_core.workflow.item import START_AT_ONCE
from attune_executor import access
from attune_executor.batch import Batch, RunInHand
from attune_executor.factbook import Pass, PassResults

_ENTRY_BYTES = 400
"""About what one item costs in memory beside its result."""

_OUTCOME_OF = {status.value: outcome.value for outcome, status in EXECUTION_STATUS_OF.items()} | {
    ExecutionStatus.ABANDONED.value: OutcomeStatus.FAILED.value
}


class Wanted(Protocol):
    """Passes whose result is read, datastore keys, windows (task, iteration, first, count)."""

    @property
    def tasks(self) -> Set[Pass]: ...
    @property
    def kv(self) -> Set[str]: ...
    @property
    def items(self) -> Set[tuple[str, int, int, int]]: ...


@dataclass(slots=True)
class _Shopping:
    """What is missing, over all runs."""

    passes: dict[tuple[int, str, int], RunInHand] = field(default_factory=dict)
    chunks: dict[ChunkKey, RunInHand] = field(default_factory=dict)
    keys: dict[str, list[RunInHand]] = field(default_factory=dict)
    secrets: dict[str, list[RunInHand]] = field(default_factory=dict)

    def add(self, run: RunInHand, wanted: Wanted) -> None:
        for of in wanted.tasks:
            if not run.book.has(of):
                self.passes[(run.id, *of)] = run
        for key in wanted.kv - run.book.kv.keys():
            self.keys.setdefault(key, []).append(run)
        for task, iteration, first, count in wanted.items:
            held = run.book.items.get((task, iteration), {})
            for chunk in chunk_keys(run.id, task, iteration, first, count):
                if chunk[3] not in held:
                    self.chunks[chunk] = run


async def predict(batch: Batch, runs: Iterable[RunInHand]) -> None:
    """Fetch ahead what the runs' signals will most likely read."""
    shopping = _Shopping()
    for run in runs:
        for signal in run.signals:
            run.book.note_signal(signal)
        shopping.add(run, needs.predict(run.graph, run.state, run.signals))
    await _fetch(batch, shopping)


async def fetch(batch: Batch, missing: Iterable[tuple[RunInHand, FactsMissing]]) -> None:
    """Fetch what decisions of several runs turned out to miss."""
    shopping = _Shopping()
    for run, wanted in missing:
        shopping.add(run, wanted)
        for task, iteration, first, until in wanted.failed:
            await _fetch_failed(batch, run, (task, iteration), first, until)
        for key in wanted.secrets - run.book.secrets.keys():
            shopping.secrets.setdefault(key, []).append(run)
    await _fetch(batch, shopping)


async def _fetch_failed(batch: Batch, run: RunInHand, of: Pass, first: int, until: int) -> None:
    """The next items that are to run again, as many as a decision starts at once."""
    rows = await executions.failed_items(batch.unit, (run.id, *of), first, until, START_AT_ONCE)
    end = rows[-1][0] + 1 if len(rows) == START_AT_ONCE else until
    statuses = tuple(OutcomeStatus(_OUTCOME_OF[status]) for _, status in rows)
    run.book.add_failed(of, FailedItems(first, end, tuple(index for index, _ in rows), statuses))


async def _fetch(batch: Batch, shopping: _Shopping) -> None:
    if shopping.passes:
        await _fetch_results(batch, shopping.passes)
    if shopping.chunks:
        await _fetch_items(batch, shopping.chunks)
    if shopping.keys:
        await access.fetch_kv(batch, shopping.keys)
    if shopping.secrets:
        await access.fetch_secrets(batch, shopping.secrets)


async def _fetch_results(batch: Batch, wanted: Mapping[tuple[int, str, int], RunInHand]) -> None:
    cache = batch.context.caches.passes
    missing: dict[tuple[int, str, int], RunInHand] = {}
    for key, run in wanted.items():
        kept = cache.get((key, run.state.tries))
        if kept is None:
            missing[key] = run
        else:
            run.book.add_kept(key[1:], kept)
    rows: dict[tuple[int, str, int], dict[int | None, Mapping[str, Any]]] = {key: {} for key in missing}
    sizes: Counter[tuple[int, str, int]] = Counter()
    for row in await executions.results(batch.unit, list(missing)) if missing else ():
        key = (row["workflow_run"], row["task_name"], row["iteration"])
        rows[key][row["task_index"]] = _entry(row)
        sizes[key] += row.get("size") or 0
    for key, run in missing.items():
        run.book.add_rows(key[1:], rows[key])
        if (kept := _to_keep(run, key[1:])) is not None:
            cache.put((key, run.state.tries), kept, sizes[key] + _ENTRY_BYTES * len(kept.results))


def _to_keep(run: RunInHand, of: Pass) -> PassResults | None:
    """The items of a pass that was over before this batch: what they are, they stay in this try of the run."""
    task = run.base.task(of[0])
    last = task.last
    over = last is not None and last.iteration == of[1] and (task.current is None or task.current.iteration != of[1])
    if last is None or not over or last.items is None or of in run.book.fresh or run.base.tries != run.state.tries:
        return None
    details = run.book.details[of]
    results = [details[index]["result"] if index in details else None for index in range(last.items.total)]
    return PassResults(details, results)


def _entry(row: Row) -> dict[str, Any]:
    return {"status": _OUTCOME_OF.get(row["status"]), "result": row["result"], "error": row["error"]}


async def _fetch_items(batch: Batch, wanted: Mapping[ChunkKey, RunInHand]) -> None:
    cache = batch.context.caches.chunks
    found = {key: chunk for key in wanted if (chunk := cache.get(key)) is not None}
    if missing := [key for key in wanted if key not in found]:
        for key, chunk in (await items.fetch(batch.unit, missing)).items():
            found[key] = chunk
            cache.put(key, chunk)
    for key, chunk in found.items():
        _, task, iteration, first = key
        held = wanted[key].book.items.setdefault((task, iteration), {})
        held.update(zip(range(first, first + CHUNK), chunk, strict=False))


def facts_for(batch: Batch, run: RunInHand) -> Facts:
    """The facts of the batch's decisions on the run. What is fetched later is in them too: they look into its book."""
    if run.facts is None:
        run.facts = _facts(batch, run)
    return run.facts


def _facts(batch: Batch, run: RunInHand) -> Facts:
    context, settings = run.context, batch.context.settings
    return Facts(
        now=batch.now,
        parameters=context.parameters,
        pack_config=run.config,
        system={
            "execution_id": context.execution,
            "workflow_execution_id": context.id,
            "workflow": context.workflow_ref,
            "identity": {"login": context.login},
            "trace_id": context.trace_id,
        },
        kv=run.book.kv,
        secrets=run.book.secrets,
        sealed=run.sealed,
        results=run.book.results,
        item_details=run.book.details,
        items=run.book.items,
        failed_items=run.book.failed,
        window=settings.window,
        item_limit=settings.limits.items,
        seed=str(context.id),
    )
