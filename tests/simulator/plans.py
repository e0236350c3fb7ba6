"""What a seed stands for: its workflows, who starts what when, what people ask for, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.simulator import faults
from tests.simulator.definitions import Definition, any_workflow, independent_workflow
from tests.simulator.faults import Faults


@dataclass(frozen=True, slots=True)
class Start:
    """An execution that a client asks for, with its idempotency key, `at` seconds."""

    key: str
    action: str
    at: float


@dataclass(frozen=True, slots=True)
class Plan:
    """`independent`: it has to end like the same plan without faults. `asking`: seconds between what people ask of
    runs (pause, resume, cancel, retry), None for never; `cancelling`: those requests may be cancels."""

    seed: int
    workflows: Mapping[str, Definition]
    starts: tuple[Start, ...]
    failing: float
    faults: Faults
    independent: bool = False
    asking: float | None = None
    cancelling: bool = True
    events: int = 0

    def without_faults(self) -> Plan:
        return replace(self, faults=faults.NONE, asking=None)


def plan_of(seed: int) -> Plan:
    """Of four seeds, one has independent workflows, one has trouble with executors alone, one with workers alone."""
    dice = Random(f"{seed}/plan")
    independent = seed % 4 == 1
    make = independent_workflow if independent else any_workflow
    workflows: dict[str, Any] = {}
    for ref, children, size in _shapes(dice):
        workflows[ref] = make(dice, ref, children, size)
    starts = [Start(f"start-{number}", _wanted(dice), dice.uniform(0.0, 15.0)) for number in range(dice.randint(2, 4))]
    return Plan(
        seed=seed,
        workflows=workflows,
        starts=tuple(starts),
        failing=dice.choice([0.05, 0.25]),
        faults=_MIXTURES[seed % 4](dice),
        independent=independent,
        asking=dice.choice([None, 2.0, 8.0]),
        cancelling=not independent,
        events=0 if independent else dice.choice([0, 1, 3]),
    )


_MIXTURES = (faults.storm, faults.storm, faults.of_executors, faults.of_workers)


def _shapes(dice: Random) -> list[tuple[str, list[str], int]]:
    """(ref, refs of children, size), children first."""
    children = ["test.leaf", "test.child"] if dice.random() < 0.75 else []
    return [("test.leaf", [], 2), ("test.child", ["test.leaf"], 3), ("test.root", children, 7)]


def _wanted(dice: Random) -> str:
    return "test.root" if dice.random() < 0.8 else dice.choice(["test.work", "test.once"])
