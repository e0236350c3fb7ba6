"""What one chaos run does, as numbers: everything that a seed and the command line decide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Target = Literal["services", "dev"]

LEASES = {
    "ATTUNE_LEASE_SECONDS": "12",
    "ATTUNE_HEARTBEAT_SECONDS": "3",
    "ATTUNE_SELF_FENCE_SECONDS": "8",
    "ATTUNE_DISPATCH_LOST_SECONDS": "10",
    "ATTUNE_CANCEL_LOST_SECONDS": "15",
    "ATTUNE_GRACE_SECONDS": "15",
    "ATTUNE_WORKER_SLOTS": "24",
}
"""Shorter than the defaults, so that a run sees leases end; in the same proportions. Most actions wait: places for
them cost nothing."""
LEASE_SECONDS = float(LEASES["ATTUNE_LEASE_SECONDS"])


@dataclass(frozen=True, slots=True)
class Plan:
    """`rate`: workflows started per second. `every`: seconds between faults, at least and at most. `kinds`: only
    these faults (their names or the part before the dot), or all. `settle`: seconds in which everything must have
    ended after the last fault is healed. `folder` is the run's own, `keep` leaves it behind."""

    seed: int
    folder: Path
    seconds: float = 360.0
    rate: float = 4.0
    every: tuple[float, float] = (2.0, 5.0)
    kinds: tuple[str, ...] = ()
    target: Target = "services"
    settle: float = 120.0
    keep: bool = False
