"""Without what keeps a run exact: its journal, its revision, its limits, what it and its children tell each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import attune_core.workflow.activation
import attune_core.workflow.finish_task
import attune_core.workflow.items
import attune_executor.flush
import attune_executor.load
from attune_common.store import executions, items, runs, tasks
from attune_core.workflow.draft import Draft
from attune_executor.batch import Batch
from attune_executor.workflows import Workflows, remember
from tests.simulator.mutants.parts import not_done, nothing
from tests.simulator.mutations import patched
from tests.simulator.plans import BROKER, INDEPENDENT, PEOPLE

flush = attune_executor.flush
_children = runs.children


async def _children_to_pause(unit: Any, cascades: dict[int, str]) -> Any:
    return await _children(unit, [run for run, kind in cascades.items() if kind == "pause"])


async def _children_to_resume(unit: Any, cascades: dict[int, str]) -> Any:
    return await _children(unit, [run for run, kind in cascades.items() if kind == "resume"])


def _old_cache(batch: Batch, row: Any) -> Any:
    return batch.context.caches.runs.get(row["id"])


_perform = Workflows._perform


async def _remember_before(self: Workflows, unit: Any, inputs: list[Any]) -> Batch:
    batch = await _perform(self, unit, inputs)
    remember(batch)
    return batch


async def _nobody_paused(*_: Any) -> set[int]:
    return set()


_retry_in = attune_core.workflow.finish_task._retry_in


def _one_more(draft: Any, node: Any, signal: Any) -> Any:
    return _retry_in(draft, node, replace(signal, attempt=signal.attempt - 1))


def _has_room(draft: Any, node: Any) -> bool:
    counts = attune_core.workflow.items._counts(draft, node)
    stands = counts.stopping or counts.refilling
    return draft.may_start and not stands and attune_core.workflow.items._left(counts)


def _one_is_enough(_: Any) -> int:
    return 1


_MAY_START = property(lambda draft: draft.stop is None)

MUTANTS = (
    patched("the journal is written with the state", (flush.journal, "append", not_done)),
    patched("states are kept by revision", (attune_executor.load, "_cached", _old_cache)),
    patched(
        "states are remembered after the commit",
        (Workflows, "_perform", _remember_before),
        because="who remembers too early repeats its transaction and remembers anew; another revision is not used",
    ),
    patched("states of tasks are written with that of their run", (tasks, "store", not_done)),
    patched("lists are kept", (items, "insert", not_done)),
    patched("items that run again start over", (executions, "start_over", not_done), where=PEOPLE),
    patched("the limit of concurrency", (attune_core.workflow.items, "_has_room", _has_room)),
    patched("the limit of attempts", (attune_core.workflow.finish_task, "_retry_in", _one_more)),
    patched("joins wait for all", (attune_core.workflow.activation, "needed", _one_is_enough), where=INDEPENDENT),
    patched("what is paused begins nothing", (Draft, "may_start", _MAY_START), where=PEOPLE),
    patched("the end of a child is kept for its parent", (flush, "_keep_outcome", nothing), where=BROKER),
    patched("a run that goes on tells its children", (flush.runs, "children", _children_to_pause), where=INDEPENDENT),
    patched("a run that pauses tells its children", (flush.runs, "children", _children_to_resume), where=INDEPENDENT),
    patched("a child begins paused in a paused run", (flush.runs, "paused", _nobody_paused), where=PEOPLE),
)
