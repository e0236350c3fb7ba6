"""How a batch begins: with a transaction that is under way, or, for reports, with a look that locks nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attune_common.store import events_matching, executions, openings
from attune_common.store.connection import Row
from attune_common.store.unit import Unit
from attune_executor.batch import Batch
from attune_executor.caches import Known
from attune_executor.context import Context
from attune_executor.happenings import batch_of, begin
from attune_executor.load import take_runs
from attune_executor.order import Turn


async def opened(
    unit: Unit, context: Context, expected: int, reported: Collection[int], turn: Turn | None = None
) -> Batch:
    """A batch; of a late unit with the executions of the reports, and their runs, in hand: as those before it in its
    turn will leave them."""
    opening = await openings.of_reports(unit, reported) if unit.is_late else None
    if turn is not None and turn.before and unit.is_late:
        unit.follow(turn.until_true)
    if opening is None:
        return await begin(unit, context, expected)
    batch = batch_of(unit, context, opening.moment)
    batch.hold(opening.executions)
    runs = {row["id"]: row for row in opening.rows if row["id"] is not None}.values()
    configs = await _configs(batch, {(row["pack_ref"], row["pack_seen"]) for row in runs})
    ahead = {} if turn is None else _ahead(turn, runs)
    unit.saw("workflow_run", {id: known.state.revision for id, known in ahead.items()})
    await take_runs(batch, [_run(row, configs) for row in runs], ahead)
    return batch


def _ahead(turn: Turn, runs: Collection[Row]) -> dict[int, Known]:
    """Of runs that others are about to store, or have just stored. Where somebody else was quicker, what they decided
    is worth nothing."""
    known = {row["id"]: turn.ahead(row["id"]) for row in runs}
    return {row["id"]: one for row in runs if (one := known[row["id"]]) and row["revision"] <= one.state.revision}


async def requested(unit: Unit, context: Context, ids: Collection[int]) -> Batch:
    """A batch with the executions that are to start in hand; of a late unit with all that their runs are made of."""
    opening = await openings.of_requests(unit, ids) if unit.is_late else None
    if opening is None:
        batch = await begin(unit, context, len(ids))
        batch.hold(await executions.lock(unit, ids))
        return batch
    batch = batch_of(unit, context, opening.moment)
    batch.hold(opening.executions)
    batch.origins = {row["execution"]: row for row in opening.rows}
    batch.run_ids.extend(row["run"] for row in opening.rows if row["run"] is not None)
    return batch


async def happened(unit: Unit, context: Context, ids: Collection[int]) -> tuple[Batch, Sequence[Row]] | None:
    """A batch, and those of the events that have not been through the rules; None when there is none. Of a late unit
    with an id for an execution of each."""
    if unit.is_late:
        opening = await openings.of_events(unit, ids)
        return None if opening is None else (batch_of(unit, context, opening[0]), opening[1])
    events = await events_matching.lock(unit, ids)
    return (await begin(unit, context, len(events)), events) if events else None


def _run(row: Row, configs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    pack = configs.get(row["pack_ref"], _NO_PACK)
    return {"id": row["id"], "revision": row["revision"], **pack}


_NO_PACK = {"config": None, "config_secrets": None}


async def _configs(batch: Batch, wanted: Collection[tuple[str, int | None]]) -> dict[str, dict[str, Any]]:
    """Configurations by pack, remembered as long as the packs' rows are as they were."""
    cache = batch.context.caches.configs
    found = {pack: known for pack, seen in wanted if (known := cache.get((pack, seen))) is not None}
    missing = {pack for pack, seen in wanted if seen is not None} - found.keys()
    for row in await openings.configs(batch.unit, missing) if missing else ():
        found[row["ref"]] = {"config": row["config"], "config_secrets": row["config_secrets"]}
        cache.put((row["ref"], row["seen"]), found[row["ref"]])
    return found
