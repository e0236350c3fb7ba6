"""Trouble with queues as the log tells it: when it has lasted, all queues in one line, and each once until it is over.

A virtual host that is deleted takes its queues one by one and its connections at last: told at once, each queue of each
service would have lines of its own for what one line on the connection says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from attune_common.runtime.clock import monotonic
from attune_common.runtime.logging import get

log = get("attune.bus")


@dataclass(slots=True)
class _Trouble:
    problem: str
    since: float
    told: bool = False


@dataclass
class Complaints:
    """`what` cannot be done to the queues. `patience`: seconds that a trouble lasts before it is worth a line."""

    what: str
    patience: float
    _troubles: dict[str, _Trouble] = field(default_factory=dict)

    @property
    def queues(self) -> tuple[str, ...]:
        """Those in trouble now."""
        return tuple(self._troubles)

    def failed(self, queue: str, problem: str) -> None:
        self._troubles.setdefault(queue, _Trouble(problem, monotonic())).problem = problem

    def mended(self, queue: str) -> None:
        self._troubles.pop(queue, None)

    def tell(self) -> None:
        """To be called now and then, while there is a connection: when there is none, that alone is worth a line."""
        due = monotonic() - self.patience
        lasting = {queue: each for queue, each in self._troubles.items() if not each.told and each.since <= due}
        if lasting:
            log.error(self.what, queues={queue: each.problem for queue, each in lasting.items()})
        for each in lasting.values():
            each.told = True
