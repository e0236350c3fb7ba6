"""Wishes, and queues that never grow without end."""

from __future__ import annotations

import pytest

from attune_notifier import subscriptions
from attune_notifier.kinship import Lineage
from attune_notifier.subscriptions import PING, RESYNC, Client, Subscriptions, Wish

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
    assert streams.interested(kind, LINEAGE) == ([client] if expected else [])


def test_a_client_that_left_is_forgotten() -> None:
    streams = Subscriptions()
    for wish in (Wish(), Wish(execution=1), Wish(run=10)):
        streams.remove(streams.add(wish))
    assert len(streams) == 0
    assert streams.interested("execution.status", LINEAGE) == []


async def test_frames_come_together_and_in_order() -> None:
    client = Client(Wish())
    client.put(b"a")
    client.put(b"b")
    assert await client.take(1) == b"ab"
    assert await client.take(0.01) == PING


async def test_a_slow_client_is_told_to_look_again() -> None:
    client = Client(Wish())
    for _ in range(subscriptions.MOST_FRAMES + 1):
        client.put(b"x")
    client.put(b"later")
    assert await client.take(1) == RESYNC + b"later"


async def test_a_slow_client_holds_no_more_than_so_many_bytes() -> None:
    client = Client(Wish())
    for _ in range(5):
        client.put(b"x" * 1024 * 1024)
    assert await client.take(1) == RESYNC


def test_no_more_streams_than_can_be_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_CLIENTS", 2)
    streams = Subscriptions()
    streams.add(Wish())
    assert not streams.full
    streams.add(Wish())
    assert streams.full
