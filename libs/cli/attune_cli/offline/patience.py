"""A limit for what a rehearsal may cost: templates may be dear, and a mistake must not keep anybody waiting.

The core counts what happens and knows no clock. Here the processor's time is what counts, so that a busy machine
gives up no earlier than an idle one.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from attune_core.errors import AttuneError

SECONDS = 30.0


class OutOfPatience(AttuneError):
    """The rehearsal took too long."""

    code = "rehearsal_limit"


class _Enough(BaseException):
    """No error of the engine: it would take any other for a fault of its own and end the run with it."""


@contextmanager
def patience(seconds: float = SECONDS) -> Iterator[None]:
    """Errors: OutOfPatience, from wherever the code inside is by then."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except _Enough:
        hint = "is there a loop without an end, or a costly template for each of many items?"
        raise OutOfPatience("the rehearsal takes too long and was given up", hint=hint) from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise _Enough
