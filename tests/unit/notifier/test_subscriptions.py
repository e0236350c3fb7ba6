"""Wishes, and queues that never grow without end."""

from __future__ import annotations

import pytest

from attune_notifier import subscriptions
from attune_notifier.entries import Entry, Place
from attune_notifier.kinship import Lineage
from attune_notifier.subscriptions import Client, Subscriptions
from attune_notifier.wishes import Wish, statuses

LINEAGE = Lineage(3, 20, {1, 2, 3}, {10, 20})


@pytest.mark.parametrize(
    ("wish", "kind", "expected"),
    [
        (Wish(), "execution.status", True),
        (Wish(execution=1), "execution.status", True),
        (Wish(execution=3), "execution.status", True),
        (Wish(execution=4), "execution.status", False),
        (Wish(run=10), "workflow.task.failed", True),
        (Wish(run=11), "workflow.task.failed", False),
        (Wish(types=("workflow.#",)), "execution.status", False),
        (Wish(types=("workflow.#", "execution.*")), "execution.status", True),
        (Wish(execution=4, run=10), "execution.status", True),
        (Wish(), "execution.log", False),
        (Wish(types=("execution.log",)), "execution.log", True),
        (Wish(execution=1), "execution.log", False),
        (Wish(execution=3), "execution.log", True),
        (Wish(run=20), "execution.log", True),
        (Wish(run=10), "execution.log", False),
    ],
)
def test_who_gets_what(wish: Wish, kind: str, expected: bool) -> None:
    streams = Subscriptions()
    client = streams.add(wish)
    assert streams.interested(entry(kind), LINEAGE) == ([client] if expected else [])


def test_statuses_come_one_by_one_or_with_commas() -> None:
    assert statuses(["failed,timeout", " cancelled ", ","]) == ("failed", "timeout", "cancelled")


def test_a_client_that_left_is_forgotten() -> None:
    streams = Subscriptions()
    for wish in (Wish(), Wish(execution=1), Wish(run=10)):
        streams.remove(streams.add(wish))
    assert len(streams) == 0
    assert streams.interested(entry(), LINEAGE) == []


def entry(kind: str = "execution.status", padding: int = 0) -> Entry:
    return Entry(Place(1, 0, "a"), kind, {"x": "x" * padding})


async def test_entries_come_together_and_in_order() -> None:
    client = Client(Wish())
    first, second = entry(), entry()
    client.put(first)
    client.put(second)
    assert await client.take(1) == [first, second]
    assert await client.take(0.01) == []


async def test_a_client_that_does_not_keep_up_is_closed_and_holds_nothing() -> None:
    client = Client(Wish())
    for _ in range(subscriptions.MOST_ENTRIES + 5):
        client.put(entry())
    assert client.closed
    assert await client.take(1) == []


async def test_a_client_holds_no_more_than_so_many_bytes() -> None:
    client = Client(Wish())
    for _ in range(5):
        client.put(entry(padding=1024 * 1024))
    assert client.closed
    assert await client.take(1) == []


def test_no_more_streams_than_can_be_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_CLIENTS", 2)
    streams = Subscriptions()
    streams.add(Wish())
    assert not streams.full
    streams.add(Wish())
    assert streams.full
