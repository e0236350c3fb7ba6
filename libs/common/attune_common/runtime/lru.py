"""Values by key, the ones used last: so many, or so heavy together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """The `size` values used last."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)


class Weighed(Generic[K, V]):
    """The values used last that weigh no more than `most` bytes together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """In place of what was there. A value that is too heavy by itself is not kept."""
        self.drop(key)
        if weight > self._most:
            return
        self._values[key] = (value, weight)
        self._weight += weight
        while self._weight > self._most:
            _, (_, gone) = self._values.popitem(last=False)
            self._weight -= gone

    def drop(self, key: K) -> None:
        _, weight = self._values.pop(key, (None, 0))
        self._weight -= weight
