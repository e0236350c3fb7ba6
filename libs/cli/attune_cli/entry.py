"""Where the `attune` command begins: until it knows what to do, Ctrl-C ends it without a word."""

from __future__ import annotations

import signal


def _end_quietly() -> None:
    """Nothing has begun that would have to be tidied up. Whoever has us ignore it keeps that."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def heed_interrupts() -> None:
    """A command is about to begin: it may have something to tidy up."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> None:
    """Load the command line, then run it."""
    _end_quietly()
    from attune_cli.main import main as run

    run()
