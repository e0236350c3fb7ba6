"""Ends of pipes for the event loop, each closed once.

uvloop closes a descriptor itself and then closes the file as well. By then another thread may have been given the same
number, and what it has just opened is closed beneath it.
"""

from __future__ import annotations

import asyncio
import os
from typing import IO


def for_loop(descriptor: int, mode: str) -> IO[bytes]:
    """The end as `connect_read_pipe` or `connect_write_pipe` of the running loop takes it over. `mode`: rb or wb."""
    closes_itself = type(asyncio.get_running_loop()).__module__.startswith("uvloop")
    return os.fdopen(descriptor, mode, buffering=0, closefd=not closes_itself)
