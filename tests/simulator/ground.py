"""What really happened at the workers, to compare with what the rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attune_common.contracts.execution import ExecutionScheduled
from tests.simulator.database import Change, Row
from tests.simulator.violation import Violation

if TYPE_CHECKING:
    from tests.simulator.worker import WorkerProcess
    from tests.simulator.world import World

_WAKING = 5.0
"""Seconds after a thaw in which a worker has to notice that it was away."""
_ZOMBIE = 90.0


class Ground:
    """`starts`: by execution and attempt, the tokens under which workers began it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running: dict[int, set[tuple[str, str]]] = {}
        self._leased: set[str] = set()
        self._tokens: list[str] = []
        self._began: set[tuple[str, str]] = set()
        self._replaced: dict[str, float] = {}
        self.starts: dict[tuple[int, int], list[str]] = {}

    def watch(self, changes: list[Change]) -> None:
        for change in changes:
            if change.table != "execution" or change.after is None:
                continue
            if change.after["lease_until"] is not None:
                self._leased.add(change.after["token"])
                self._check_holder(change.after)
            before = None if change.before is None else change.before["token"]
            if before is not None and before != change.after["token"]:
                self._replaced[before] = self._world.clock.seconds

    def _check_holder(self, row: Row) -> None:
        """A lease is of somebody who has been given the attempt."""
        if row["status"] == "running" and (row["worker"], row["token"]) not in self._began:
            raise Violation("wrong_holder", f"execution {row['id']} is leased to {row['worker']}, who never had it")

    def held(self, worker: WorkerProcess, spec: ExecutionScheduled) -> None:
        self._began.add((worker.name, spec.token))

    def started(self, worker: WorkerProcess, spec: ExecutionScheduled) -> None:
        self._world.tell(worker.name, f"begins {spec.execution_id}.{spec.attempt} ({spec.token[:6]})")
        self._tokens.append(spec.token)
        begun = self.starts.setdefault((spec.execution_id, spec.attempt), [])
        if begun and self._only_once(spec):
            raise Violation("begun_twice", f"{spec.action_ref} may not: execution {spec.execution_id}.{spec.attempt}")
        begun.append(spec.token)
        running = self._running.setdefault(spec.execution_id, set())
        if self._world.plan.faults.bus_keeps_messages:
            self._check_alone(worker.name, spec, running)
        running.add((worker.name, spec.token))

    def _only_once(self, spec: ExecutionScheduled) -> bool:
        row = self._world.database.execution(spec.execution_id)
        return spec.action_ref == "test.once" and (row is None or row["max_retries"] == 0)

    def _check_alone(self, worker: str, spec: ExecutionScheduled, running: set[tuple[str, str]]) -> None:
        """Who holds a lease works alone: it has stopped before somebody else gets the work, or as soon as it wakes.

        But for jobs that came twice, and for actions that cannot be stopped.
        """
        row = self._world.database.execution(spec.execution_id)
        if row is None or row["token"] != spec.token:
            return
        for other, token in sorted(running):
            process = next(each for each in self._world.workers if each.name == other)
            job = process.jobs.get(token)
            told_apart = token != spec.token and token in self._leased and self._tokens.count(token) == 1
            if told_apart and job is not None and not job.fate.hangs and process.awake_for(_WAKING):
                detail = f"execution {spec.execution_id} runs on {other} ({token[:6]}) and on {worker}"
                raise Violation("two_workers", detail)

    def stopped(self, worker: WorkerProcess, spec: ExecutionScheduled) -> None:
        self._running[spec.execution_id].discard((worker.name, spec.token))
        now, begun = self._world.clock.seconds, worker.jobs[spec.token].begun
        since = max(self._replaced.get(spec.token, now), worker.well_since, begun)
        if now - since > _ZOMBIE and self._world.healed_for(_ZOMBIE):
            raise Violation("zombie", f"{worker.name} ran {spec.execution_id} ({spec.token[:6]}) long after its end")

    def check_at_the_end(self) -> None:
        """Where only executors had trouble, no work was taken from a worker that did well."""
        faults = self._world.plan.faults
        if not (faults.workers_are_well and faults.bus_keeps_messages):
            return
        for (execution, attempt), tokens in self.starts.items():
            if len(set(tokens)) > 1:
                raise Violation("needless_repeat", f"attempt {attempt} of execution {execution} ran as {tokens}")
        for row in self._world.database.tables["execution"].values():
            if row["losses"] or (row["error"] or {}).get("type") == "worker_lost":
                raise Violation("needless_loss", f"execution {row['id']}: no worker was lost")
