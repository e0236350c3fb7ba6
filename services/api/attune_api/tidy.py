"""Small work that has to be done again and again: chaining the audit trail, removing what has expired."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial

from attune_common.runtime import lifecycle, logging
from attune_common.store import audit, dead_letters, idempotency, kv, logins, tokens, workers
from attune_common.store.errors import is_transient
from attune_common.store.store import Store
from attune_common.store.unit import Unit

SECONDS = 1.0
_MOST = 1_000
_EVERY = 10
_KEYS_SECONDS = 24 * 3600.0
_log = logging.get("attune.tidy")

_OFTEN: tuple[Callable[[Unit], Awaitable[int]], ...] = (audit.chain,)
_SELDOM: tuple[Callable[[Unit], Awaitable[int]], ...] = (
    partial(kv.sweep, most=_MOST),
    partial(dead_letters.sweep, most=_MOST),
    partial(logins.sweep, most=_MOST),
    partial(idempotency.forget, seconds=_KEYS_SECONDS, most=_MOST),
    partial(workers.sweep, most=_MOST),
    partial(tokens.sweep_sessions, most=_MOST),
)


async def forever(store: Store) -> None:
    """Until cancelled. Any number of APIs may do it over one database."""
    turn = 0
    while True:
        await asyncio.sleep(SECONDS * random.uniform(0.7, 1.3))
        turn += 1
        try:
            await once(store, seldom=turn % _EVERY == 0)
        except asyncio.CancelledError:
            if lifecycle.being_cancelled():
                raise
        except Exception as problem:
            level = _log.debug if is_transient(problem) else _log.exception
            level("could not tidy up", error=f"{type(problem).__name__}: {problem}")


async def once(store: Store, *, seldom: bool = True) -> None:
    """Each kind in a transaction of its own, at most a thousand rows."""
    for work in _OFTEN + (_SELDOM if seldom else ()):
        async with store.unit() as unit:
            await work(unit)
