"""Exit codes that scripts can rely on, and how an error becomes one. Documented in docs/reference/cli.md."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """`FAILED`: what was asked for happened and ended badly, or problems were found in files."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    INTERRUPTED = 130


_REFUSALS = frozenset({401, 403, 404})
_UNREACHABLE = frozenset({"api_unreachable", "database_unreachable", "broker_unreachable"})


def exit_code(error: Exception) -> Exit:
    """The code for an error that ended a command."""
    from attune_client.errors import ApiError
    from attune_core.errors import AttuneError

    match error:
        case AttuneError(code=code) if code in _UNREACHABLE:
            return Exit.UNREACHABLE
        case ApiError(status=status) if status in _REFUSALS:
            return Exit.REFUSED
        case _:
            return Exit.FAILED
