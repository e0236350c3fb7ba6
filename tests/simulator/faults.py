"""What goes wrong, and how often. Each seed has its own mixture: a fault that is always there hides others."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

KINDS = (
    "kill_executor",
    "kill_executors",
    "freeze_executor",
    "kill_api",
    "kill_worker",
    "freeze_worker",
    "cut_worker",
    "drain_worker",
    "broker_away",
    "database_away",
    "purge",
    "jump",
)
STARVED = (
    "ExecutionRequested",
    "ExecutionScheduled",
    "ExecutionAccepted",
    "ExecutionCompleted",
    "ExecutionCancel",
    "RunRequested",
    "InquiryResponded",
    "EventCreated",
)
OF_EXECUTORS = ("kill_executor", "kill_executors", "freeze_executor", "kill_api", "database_away")
OF_WORKERS = ("kill_worker", "freeze_worker", "cut_worker", "drain_worker")


@dataclass(frozen=True, slots=True)
class Faults:
    """Parts of one: of messages that are lost (of the type `starved`, half), doubled, late (seconds), very late (half
    a minute); of commits that are refused, or done and not answered; of points between two effects at which the
    process dies. `events`: kinds of trouble, one each `gap` seconds or so, for `seconds`; a part of them, `long`, takes
    longer than leases last. `slow`: seconds that a step of an executor takes at most."""

    lost: float = 0.0
    starved: str = ""
    doubled: float = 0.0
    late: float = 0.0
    very_late: float = 0.0
    refused: float = 0.0
    unanswered: float = 0.0
    dying: float = 0.0
    events: tuple[str, ...] = ()
    gap: float = 8.0
    seconds: float = 60.0
    long: float = 0.4
    slow: float = 0.02

    @property
    def bus_keeps_messages(self) -> bool:
        return not (self.lost or self.starved or self.very_late or "purge" in self.events or "jump" in self.events)

    @property
    def workers_are_well(self) -> bool:
        return not any(kind in self.events for kind in (*OF_WORKERS, "broker_away", "jump"))


NONE = Faults(seconds=1.0)


def of_executors(dice: Random) -> Faults:
    """Only the executors and the database have trouble, for long."""
    return Faults(
        late=0.05,
        refused=dice.choice([0.0, 0.1]),
        unanswered=dice.choice([0.0, 0.1]),
        dying=dice.choice([0.002, 0.01]),
        slow=dice.choice([0.02, 0.3]),
        events=tuple(kind for kind in OF_EXECUTORS if dice.random() < 0.7),
        gap=dice.choice([6.0, 12.0]),
        seconds=dice.uniform(60.0, 120.0),
        long=0.7,
    )


def of_workers(dice: Random) -> Faults:
    """Only the workers have trouble, for long; what they say arrives."""
    return Faults(
        late=0.02,
        events=("cut_worker", *(kind for kind in OF_WORKERS if dice.random() < 0.4)),
        gap=dice.choice([6.0, 12.0]),
        seconds=dice.uniform(60.0, 120.0),
        long=0.9,
    )


def of_people(dice: Random) -> Faults:
    """Little goes wrong, but what people say is lost on its way."""
    return Faults(
        lost=0.02,
        starved=dice.choice(("RunRequested", "InquiryResponded", "InquiryResponded", "ExecutionRequested")),
        doubled=0.3,
        late=0.1,
        dying=0.002,
        slow=dice.choice([0.02, 0.3]),
        seconds=dice.uniform(40.0, 80.0),
    )


def of_broker(dice: Random) -> Faults:
    """Only the broker has trouble: it loses much of what it gets, and of one kind half."""
    return Faults(
        lost=dice.choice([0.05, 0.2]),
        starved=dice.choice(STARVED),
        doubled=dice.choice([0.0, 0.3]),
        late=0.1,
        very_late=dice.choice([0.0, 0.05]),
        events=tuple(kind for kind in ("purge", "broker_away") if dice.random() < 0.3),
        seconds=dice.uniform(40.0, 80.0),
    )


def storm(dice: Random) -> Faults:
    """Everything, but not everything at once."""
    return Faults(
        lost=dice.choice([0.0, 0.05, 0.05, 0.15]),
        starved=dice.choice(["", *STARVED]),
        doubled=dice.choice([0.0, 0.1, 0.3]),
        late=dice.choice([0.02, 0.1]),
        very_late=dice.choice([0.0, 0.02]),
        refused=dice.choice([0.0, 0.02]),
        unanswered=dice.choice([0.0, 0.02]),
        dying=dice.choice([0.0, 0.002, 0.006]),
        events=tuple(kind for kind in KINDS if dice.random() < 0.4),
        slow=dice.choice([0.02, 0.1, 0.4]),
        gap=dice.choice([4.0, 8.0, 16.0]),
        seconds=dice.uniform(20.0, 80.0),
    )
