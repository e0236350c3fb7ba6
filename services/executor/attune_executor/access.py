"""What the identity of a run may: use the actions of other packs, read datastore keys, use secrets. Asked each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attune_common.runtime.clock import monotonic
from attune_common.store import actions_lookup, rights, secrets
from attune_common.store.actions_lookup import Action
from attune_common.store.audit import Entry
from attune_core.access.keys import BadKey, Key, parse_key
from attune_core.access.rights import NOBODY, Rights
from attune_core.access.roles import Permission
from attune_core.expressions.scope import MISSING
from attune_core.model.outcome import Outcome
from attune_executor.batch import Batch, RunInHand

_REMEMBERED_SECONDS = 1.0


async def learn(batch: Batch, identities: Iterable[int | None]) -> None:
    """Have the rights of the identities at hand. A change of rights takes effect within a second."""
    cache, now = batch.context.caches.rights, monotonic()
    missing: set[int | None] = set()
    for identity in set(identities) - batch.rights.keys():
        known = cache.get(identity)
        if known is not None and now - known[1] < _REMEMBERED_SECONDS:
            batch.rights[identity] = known[0]
        else:
            missing.add(identity)
    if missing:
        for identity, held in (await rights.of(batch.unit, missing)).items():
            batch.rights[identity] = held
            cache.put(identity, (held, now))


def rights_in(batch: Batch, identity: int | None) -> Rights:
    return batch.rights.get(identity, NOBODY)


def refusal(batch: Batch, identity: int | None, action: Action) -> Outcome | None:
    """Why the identity may not use the action; None when it may."""
    if rights_in(batch, identity).may_call(action.pack_ref):
        return None
    who = rights_in(batch, identity).login or "the identity of this run"
    hint = f"it needs the role operator on the pack {action.pack_ref}"
    return Outcome.failed("forbidden_action", f"{who} may not run {action.ref}", hint=hint)


async def fetch_kv(batch: Batch, wanted: Mapping[str, list[RunInHand]]) -> None:
    """Values of datastore keys. What a run may not read is, for it, not there."""
    await learn(batch, {run.context.identity for runs in wanted.values() for run in runs})
    named = {
        (asked, run.id): (run, key)
        for asked, runs in wanted.items()
        for run in runs
        if (key := _readable(batch, run, asked)) is not None
    }
    found = await actions_lookup.kv(batch.unit, {key for _, key in named.values()}) if named else {}
    for asked, runs in wanted.items():
        for run in runs:
            known = named.get((asked, run.id))
            run.book.kv[asked] = MISSING if known is None else found.get(known[1], MISSING)


def _readable(batch: Batch, run: RunInHand, asked: str) -> str | None:
    key = _key(run, asked)
    allowed = key is not None and rights_in(batch, run.context.identity).may_key(Permission.DATA_READ, key)
    return key.text if allowed and key is not None else None


def _key(run: RunInHand, asked: str) -> Key | None:
    try:
        return parse_key(asked, run.context.login)
    except BadKey:
        return None


async def fetch_secrets(batch: Batch, wanted: Mapping[str, list[RunInHand]]) -> None:
    """Which secrets the runs may use. One that may not, or that does not exist, is told to the audit trail."""
    await learn(batch, {run.context.identity for runs in wanted.values() for run in runs})
    keys = {(asked, run.id): _key(run, asked) for asked, runs in wanted.items() for run in runs}
    readers = await secrets.readers(batch.unit, {key.text for key in keys.values() if key is not None})
    for asked, runs in wanted.items():
        for run in runs:
            key = keys[(asked, run.id)]
            run.book.secrets[asked] = _usable(batch, run, key, readers)
            if run.book.secrets[asked] is None:
                batch.unit.record(_refused(run, asked))


def _usable(batch: Batch, run: RunInHand, key: Key | None, readers: Mapping[str, Any]) -> str | None:
    if key is None or key.text not in readers:
        return None
    return key.text if rights_in(batch, run.context.identity).may_use(key, readers[key.text]) else None


def _refused(run: RunInHand, asked: str) -> Entry:
    context = run.context
    return Entry(
        "secret.read",
        asked,
        "refused",
        {"execution": context.execution, "workflow": context.workflow_ref, "workflow_execution": context.id},
        context.identity,
        context.login or "",
    )
