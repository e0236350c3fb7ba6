"""What a seed stands for: its workflows, who starts what when, what people ask for, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.simulator import faults
from tests.simulator.definitions import Definition, any_workflow, asking_workflow, independent_workflow
from tests.simulator.faults import Faults


@dataclass(frozen=True, slots=True)
class Start:
    """An execution that a client asks for, with its idempotency key, `at` seconds."""

    key: str
    action: str
    at: float


@dataclass(frozen=True, slots=True)
class Plan:
    """`failing`, `hanging`, `lasting`: parts of the attempts that fail, never end by themselves, take long.
    `independent`: it has to end like the same plan without faults. `asking`: seconds between what people ask of
    runs (pause, resume, cancel, retry), None for never; `cancelling`: those requests may be cancels. `slots`: what a
    worker does at a time."""

    seed: int
    workflows: Mapping[str, Definition]
    starts: tuple[Start, ...]
    failing: float
    hanging: float
    lasting: float
    faults: Faults
    independent: bool = False
    asking: float | None = None
    cancelling: bool = True
    events: int = 0
    slots: int = 6

    def without_faults(self) -> Plan:
        return replace(self, faults=faults.NONE, asking=None)


def plan_of(seed: int) -> Plan:
    """What goes wrong follows from the seed's place in `MIXTURES`; the second is of independent workflows."""
    dice = Random(f"{seed}/plan")
    mixture = seed % len(MIXTURES)
    independent, people = mixture == INDEPENDENT, mixture == PEOPLE
    make = independent_workflow if independent else asking_workflow if people else any_workflow
    workflows: dict[str, Any] = {}
    for ref, children, size in _shapes(dice):
        workflows[ref] = make(dice, ref, children, size)
    trouble = MIXTURES[mixture](dice)
    return Plan(
        seed=seed,
        workflows=workflows,
        starts=_starts(dice, trouble.seconds / 2),
        failing=dice.choice([0.05, 0.25]),
        hanging=0.0 if independent else 0.05,
        lasting={EXECUTORS: 0.35, WORKERS: 0.7, PEOPLE: 0.3}.get(mixture, 0.1),
        faults=trouble,
        independent=independent,
        asking=dice.choice([1.0, 4.0, 15.0]) if people else dice.choice([None, 1.0, 4.0]),
        cancelling=not independent and not (people and dice.random() < 0.5),
        events=0 if independent else dice.choice([0, 1, 3]),
        slots=1 if mixture == WORKERS else dice.choice([2, 6]),
    )


MIXTURES = (
    faults.storm, faults.storm, faults.of_executors, faults.of_workers, faults.of_people, faults.of_broker
)  # fmt: skip
STORM, INDEPENDENT, EXECUTORS, WORKERS, PEOPLE, BROKER = range(6)


def _starts(dice: Random, until: float) -> tuple[Start, ...]:
    refs = ["test.root"] * dice.randint(1, 2) + [dice.choice(["test.work", "test.once"])] * dice.randint(0, 2)
    return tuple(Start(f"start-{number}", ref, dice.uniform(0.0, until)) for number, ref in enumerate(refs))


def _shapes(dice: Random) -> list[tuple[str, list[str], int]]:
    """(ref, refs of children, size), children first."""
    children = ["test.leaf", "test.child"] if dice.random() < 0.9 else []
    return [("test.leaf", [], 2), ("test.child", ["test.leaf"], 3), ("test.root", children, 7)]
