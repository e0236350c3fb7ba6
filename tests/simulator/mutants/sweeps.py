"""Without the sweeps, and without those who look for what is due or left behind."""

from __future__ import annotations

from attune_executor.app import Executor
from tests.simulator.mutations import Mutation, off
from tests.simulator.plans import BROKER, PEOPLE


def _without_sweep(name: str, where: int | None = None, because: str = "") -> Mutation:
    def alter(executor: Executor) -> None:
        executor.recover._sweeps.pop(name)

    return Mutation(f"sweep {name}", alter=alter, where=where, because=because)


MUTANTS = (
    _without_sweep("lapsed_leases"),
    _without_sweep("overdue_attempts"),
    _without_sweep("unanswered_cancels"),
    _without_sweep("unaccepted_jobs", BROKER),
    _without_sweep("unstarted_executions", BROKER),
    _without_sweep("untold_parents", BROKER),
    _without_sweep("open_requests", PEOPLE),
    _without_sweep("untold_answers", PEOPLE),
    _without_sweep("forgotten_events", BROKER),
    _without_sweep(
        "waiting_turns",
        because="no action of the simulator has a policy: tests/integration/executor/test_policies.py is its proof",
    ),
    _without_sweep(
        "stuck_runs",
        because="it only reports what must never happen, and the simulator looks for that itself",
    ),
    off("relays publish what was left behind", "relay_sweep"),
    off("due timers are looked for", "timer_watch"),
)
