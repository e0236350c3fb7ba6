"""Which errors of the database are worth another run, and how long to wait before it."""

from __future__ import annotations

import asyncpg
import pytest

from attune_common.store.errors import StoreClosed, is_final_state_change, is_transient, is_unique_violation
from attune_common.store.store import Store, pause


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.SerializationError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.LockNotAvailableError(),
        asyncpg.QueryCanceledError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CrashShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.ReadOnlySQLTransactionError(),
        asyncpg.DiskFullError(),
        asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_conflicts_restarts_lost_connections_and_full_disks_are_transient(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError(),
        asyncpg.UndefinedTableError(),
        asyncpg.InvalidPasswordError(),
        asyncpg.InterfaceError("pool is closed"),
        asyncpg.InterfaceError("invalid input"),
        ValueError(),
        KeyError(),
    ],
)
def test_mistakes_are_not(error: Exception) -> None:
    assert not is_transient(error)


def test_kinds_of_refusal_are_told_apart() -> None:
    assert is_unique_violation(asyncpg.UniqueViolationError())
    assert not is_final_state_change(asyncpg.UniqueViolationError())


def test_pauses_grow_to_two_seconds_and_no_further() -> None:
    assert all(0 <= pause(1) <= 0.05 for _ in range(100))
    longest = max(pause(50) for _ in range(1_000))
    assert 1.5 < longest <= 2


async def test_a_closed_store_says_so() -> None:
    store = Store("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreClosed, match="not open"):
        async with store.connection():
            pass
    await store.close()
