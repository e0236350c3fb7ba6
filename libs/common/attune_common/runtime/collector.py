"""The garbage collector in a service: what a batch makes is free when it ends, nearly all without a search for cycles.

With Python's own thresholds a batch of some hundred messages is searched dozens of times while it is in use, and now
and then all that the process has ever imported with it.
"""

from __future__ import annotations

import asyncio
import gc

_OFTEN = (200_000, 10, 10)
_STARTED = 5.0
"""Seconds after which a service has what it keeps for ever."""


def tune() -> None:
    """Look for cycles more rarely; once the process has started, never again in what it started with."""
    gc.set_threshold(*_OFTEN)
    asyncio.get_running_loop().call_later(_STARTED, _keep)


def _keep() -> None:
    gc.collect()
    _give_back()
    gc.freeze()


def _give_back() -> None:
    """What starting has used and nobody needs any more goes back to the system, where the C library can do that."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
