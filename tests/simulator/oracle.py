"""Workflows that do not depend on the order end as they do when nothing goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.fate import place_of
from tests.simulator.violation import Violation

if TYPE_CHECKING:
    from tests.simulator.world import World


def difference(world: World, quiet: World) -> Violation | None:
    """Of the ends of both, by place. None: they are alike, or work was lost so often that they need not be."""
    if not comparable(world):
        return None
    ended, expected = ends(world), ends(quiet)
    for place in sorted(ended.keys() | expected.keys()):
        if ended.get(place) != expected.get(place):
            return Violation("oracle", f"{place} ended {ended.get(place)}, without faults {expected.get(place)}")
    return None


def comparable(world: World) -> bool:
    """Not when an attempt was given up because its workers were lost too often."""
    rows = world.database.tables["execution"].values()
    return not any((row["error"] or {}).get("type") == "worker_lost" for row in rows)


def ends(world: World) -> dict[str, Any]:
    """(status, result) by place."""
    rows = world.database.tables["execution"].values()
    return {place_of(world.database, row): (row["status"], row["result"]) for row in rows}
