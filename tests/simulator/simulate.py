"""One seed, from the plan to the verdict."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import structlog

import attune_executor.calm
import attune_executor.dispatch
import attune_executor.handlers
import attune_executor.order
from attune_common.store import timers
from tests.simulator import oracle, statements
from tests.simulator.mutations import NOTHING, Mutation
from tests.simulator.plans import Plan, plan_of
from tests.simulator.processes import ModelEvent
from tests.simulator.violation import Violation
from tests.simulator.world import World

statements.load()
Story = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` None: all went well. `trace` is the same whenever and wherever the seed is simulated."""

    seed: int
    problem: str | None
    kind: str = ""
    trace: str = ""
    compared: bool = False


def simulate(seed: int, mutation: Mutation = NOTHING, story: Story | None = None) -> Verdict:
    """Errors: none but those of the simulator itself."""
    plan = plan_of(seed)
    world, violation = _run(plan, mutation, story)
    if violation is None and plan.independent:
        quiet, broken = _run(plan.without_faults(), NOTHING, None)
        violation = broken or oracle.difference(world, quiet)
    if violation is not None:
        return Verdict(seed, str(violation), violation.kind, _trace(world))
    return Verdict(seed, None, "", _trace(world), plan.independent and oracle.comparable(world))


def _trace(world: World) -> str:
    return f"{world.clock.seconds:.6f}/{world.number()}/{world.dice.random():.12f}"


def _run(plan: Plan, mutation: Mutation, story: Story | None) -> tuple[World, Violation | None]:
    world = World(plan, mutation, story)
    with _in_place(world):
        try:
            world.run()
        except Violation as violation:
            return world, violation
        finally:
            world.close()
    return world, None


@contextmanager
def _in_place(world: World) -> Iterator[None]:
    """The real code with the world's clock, tokens and ids, and without what the mutation takes away."""
    patches: list[tuple[Any, str, Any]] = [
        (attune_executor.calm, "monotonic", lambda: world.clock.seconds),
        (attune_executor.dispatch, "new_token", world.token),
        (attune_executor.order, "Event", ModelEvent),
        (attune_executor.handlers, "_MANY", 0),
        *world.mutation.patches,
    ]
    if "timers_in_transaction" in world.off:
        patches.append((timers, "lock", _taken(world)))
    with ExitStack() as stack:
        for target, name, replacement in patches:
            stack.enter_context(patch.object(target, name, replacement))
        yield


def _taken(world: World) -> Any:
    async def lock(_: Any, ids: list[int]) -> list[timers.Timer]:
        return [world.taken.pop(id) for id in ids if id in world.taken]

    return lock


def prepare() -> None:
    """Keep what the executors log to themselves: the story tells more."""
    if not structlog.is_configured():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
