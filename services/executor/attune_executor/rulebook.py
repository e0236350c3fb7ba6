"""The rules of triggers, remembered until anything is registered that could change them."""

from __future__ import annotations

from collections.abc import Iterable

from attune_common.store import events_matching
from attune_common.store.events_matching import Rules
from attune_executor.batch import Batch


async def rules_of(batch: Batch, triggers: Iterable[str]) -> dict[str, Rules]:
    """By trigger."""
    cache, now, wanted = batch.context.caches.rules, batch.registered, set(triggers)
    known = {ref: kept for ref in wanted if (kept := cache.get(ref)) is not None and kept[0] == now}
    found = {ref: rules for ref, (_, rules) in known.items()}
    if missing := wanted - found.keys():
        read = await events_matching.rules(batch.unit, missing)
        if now is not None:
            for ref, rules in read.items():
                cache.put(ref, (now, rules))
        found |= read
    return found
