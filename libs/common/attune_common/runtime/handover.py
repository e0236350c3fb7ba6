"""Work that only waits for others lets the next begin: while a batch is being stored, its processor is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

_next: ContextVar[Callable[[], None] | None] = ContextVar("attune_handover", default=None)


def to_nobody() -> AbstractContextManager[None]:
    """What is done inside is done before anything else begins."""
    return to(None)


@contextmanager
def to(begin: Callable[[], None] | None) -> Iterator[None]:
    """`begin` is called when the work that starts inside says that it only waits; it may be called again."""
    token = _next.set(begin)
    try:
        yield
    finally:
        _next.reset(token)


def only_waits() -> None:
    """Said by whoever has done all that needs this process, and waits for what others do with it."""
    begin = _next.get()
    if begin is not None:
        begin()
