"""The outbox and the relays: what was committed is published at once by who committed it, or later by anybody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attune_common.bus.bus import BusUnavailable
from attune_common.contracts.base import Message
from tests.simulator.bag import HEARD
from tests.simulator.database import Database
from tests.simulator.processes import Process

if TYPE_CHECKING:
    from tests.simulator.world import World

_STALE = 1.0


class Outbox:
    """Rows of messages. `told` is what watchers get of each commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, messages: Iterable[tuple[Message, str]]) -> list[int]:
        """In the transaction that is under way; the ids of the new rows."""
        ids = []
        for message, _ in messages:
            id = self._database.number("outbox")
            self._database.put("outbox", id, {"message": message, "created": self._database.now})
            ids.append(id)
        return ids

    def message(self, id: int) -> Message | None:
        row = self._database.tables["outbox"].get(id)
        return None if row is None else row["message"]

    def delete(self, ids: Iterable[int]) -> None:
        with self._database.transaction():
            for id in ids:
                if id in self._database.tables["outbox"]:
                    self._database.remove("outbox", id)

    def stale(self, in_hand: set[int]) -> list[int]:
        late = self._database.ago(_STALE)
        table = self._database.tables["outbox"]
        return [id for id, row in table.items() if row["created"] < late and id not in in_hand]


class Relay:
    """That of one process; it forgets what it has in hand when the process dies."""

    def __init__(self, process: Process, world: World) -> None:
        self._process, self._world = process, world
        self._in_hand: set[int] = set()

    def start(self) -> None:
        self._in_hand = set()
        self._process.after(self._world.dice.uniform(0.5, 3.0), self._sweep)

    def publish_soon(self, ids: list[int]) -> None:
        self._in_hand.update(ids)
        self._process.after(self._world.dice.uniform(0.0, 0.01), lambda: self._publish(ids))

    def _publish(self, ids: list[int]) -> None:
        if self._world.dies_at(self._process, "before publishing"):
            self._process.crash()
        elif self._send(ids):
            self._process.after(self._world.dice.uniform(0.0, 0.05), lambda: self._forget(ids))
        else:
            self._in_hand.difference_update(ids)

    def _send(self, ids: list[int]) -> bool:
        messages = [message for id in ids if (message := self._world.outbox.message(id)) is not None]
        try:
            self._world.bag.publish(message for message in messages if isinstance(message, HEARD))
        except BusUnavailable:
            return False
        return True

    def _forget(self, ids: list[int]) -> None:
        """Published and not deleted: somebody will publish it again."""
        if self._world.dies_at(self._process, "after publishing"):
            self._process.crash()
            return
        self._in_hand.difference_update(ids)
        if self._world.database_up:
            self._world.outbox.delete(ids)

    def _sweep(self) -> None:
        if self._world.database_up and "relay_sweep" not in self._world.off:
            ids = self._world.outbox.stale(self._in_hand)
            if ids and self._send(ids):
                if self._world.dies_at(self._process, "after publishing"):
                    self._process.crash()
                    return
                self._world.outbox.delete(ids)
        self._process.after(self._world.dice.uniform(1.0, 4.0), self._sweep)
