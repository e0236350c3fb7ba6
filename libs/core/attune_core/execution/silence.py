"""Nothing was heard of a worker or of a job: is it gone, or has everybody been away?

After an outage the reports and heartbeats of workers that did well lie in the queues: to declare their work lost
before they are read would run it twice. `calm` says that for longer than a heartbeat neither the database nor the
bus was away and no report waits to be read.
"""

from __future__ import annotations

from collections.abc import Iterable

LONG_GONE = 300.0


def grace_of_leases(*, calm: bool) -> float:
    """Seconds after its end from which a lease counts as lapsed."""
    return 0.0 if calm else LONG_GONE


def lost_on_the_way(depths: Iterable[tuple[int, int]], *, calm: bool) -> bool:
    """Whether jobs that nobody accepted are gone. `depths`: (messages ready, consumers) of their queue, as seen
    several times. A queue that is long, or that nobody listens to, has lost nothing."""
    return calm and all(ready == 0 and consumers > 0 for ready, consumers in depths)
