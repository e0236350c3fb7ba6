"""What can go wrong in PostgreSQL, in words that callers outside the store can use."""

from __future__ import annotations

import asyncpg

from attune_core.errors import AttuneError

_TRANSIENT = frozenset({"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "25P03", "25006"})
_BROKEN_CONNECTION = "08"
_OUT_OF_RESOURCES = "53"
_FINAL_STATE = "AT001"
_TAKEN_BACK = "released back to the pool"
"""What asyncpg says of a connection that was lost between two questions."""

DatabaseError = asyncpg.PostgresError
"""Any error that PostgreSQL itself reported."""


class StoreClosed(RuntimeError):
    """This process is stopping, or has not begun."""


class RowsChanged(Exception):
    """Rows are not as they were when they were read without a lock; nothing was changed."""


class MigrationError(AttuneError):
    """The schema cannot be brought up to date; nothing of the failing migration was kept."""

    code = "migration_failed"


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when run again: conflicts, restarts, lost connections,
    a server that is read-only or out of disk, memory or connections for a while.

    After a link that hung, asyncpg may find its own protocol in disorder; it throws such a connection away.
    """
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state in _TRANSIENT or state[:2] in (_BROKEN_CONNECTION, _OUT_OF_RESOURCES) or _outdated(error)
    if isinstance(error, asyncpg.InterfaceError):
        text = str(error)
        return _TAKEN_BACK in text or ("pool" not in text and ("closed" in text or "closing" in text))
    return isinstance(error, RowsChanged | OSError | TimeoutError | asyncpg.InternalClientError)


def _outdated(error: asyncpg.PostgresError) -> bool:
    """A migration changed a table under a cached statement."""
    return isinstance(error, asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError)


def is_unique_violation(error: BaseException, constraint: str = "") -> bool:
    """Whether a row with this key exists already; `constraint` names the constraint or unique index."""
    return isinstance(error, asyncpg.UniqueViolationError) and constraint in ("", error.constraint_name)


def is_final_state_change(error: BaseException) -> bool:
    """Whether the last line of defence refused to change a final state."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate == _FINAL_STATE
