"""What executions may not do over time, beyond what a single commit shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attune_core.definition.graph import CancellationPolicy
from attune_core.execution.reports import MAX_LOSSES
from tests.simulator.clock import EPOCH
from tests.simulator.database import FINALS, Change, Database, Row
from tests.simulator.statements.leases import current_runs
from tests.simulator.violation import Violation

if TYPE_CHECKING:
    from tests.simulator.world import World

_STANDING = ("pausing", "paused")
_BEGUN = ("scheduled", "running", "waiting")
_LATE = timedelta(seconds=120)
_TOLD, _TOLD_AT_ONCE, _EVER = timedelta(seconds=60), timedelta(seconds=20), timedelta(days=1)
_BESIDE_TIME = ("PauseRequested", "RetryRequested")


class Conduct:
    """Watches all commits. Errors: Violation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._database: Database = world.database
        self._clock = world.clock
        self._of_events: set[tuple[int, str]] = set()
        self._stood_still: dict[int, datetime] = {}
        self._went_on: dict[int, datetime] = {}

    def watch(self, changes: list[Change]) -> None:
        """Runs first: what is new in them belongs to what they have become."""
        for change in changes:
            if change.table == "workflow_run" and change.after is not None:
                self._made(change.before, change.after)
                self._run(change.after)
                self._note(change.after)
            elif change.table == "journal" and change.after["signal"]["type"] == "ResumeRequested":
                self._resumed(change.after["workflow_run"])
        for change in changes:
            if change.table == "execution" and change.after is not None:
                self._execution(change.before, change.after)
        if any(change.table == "heard" for change in changes):
            self._heard()

    def _execution(self, before: Row | None, after: Row) -> None:
        if before is None:
            self._begun(after)
            return
        if after["status"] in FINALS and before["status"] not in FINALS:
            self._given_up(after)
        if before["cancel_requested"] and before["tries"] == after["tries"]:
            self._cancelled(before, after)

    def _made(self, before: Row | None, run: Row) -> None:
        """A subworkflow that begins in a run that stands still stands still as well."""
        around = self._database.tables["execution"][run["execution"]]["workflow_run"]
        stands = self._stood_still.get(around, self._clock.awake) < self._clock.awake
        if before is None and stands and run["status"] not in _STANDING:
            raise Violation("works_while_paused", f"run {run['id']} begins as {run['status']} in run {around}")

    def _resumed(self, run: int) -> None:
        """It may be asked to pause again in the same moment."""
        self._went_on[run] = self._clock.awake
        if run in self._stood_still:
            self._stood_still[run] = self._clock.awake

    def _note(self, run: Row) -> None:
        stood, stands = run["id"] in self._stood_still, run["status"] in _STANDING
        if stands and not stood:
            self._stood_still[run["id"]] = self._clock.awake
        elif stood and not stands:
            self._stood_still.pop(run["id"])
        if stood != stands:
            self._check_children_told(run, stands)

    def _check_children_told(self, run: Row, stands: bool) -> None:
        """Who pauses or goes on asks its subworkflows to do the same in the same moment."""
        database = self._database
        rows = [row for row in database.in_run(run["id"]) if row["is_workflow"] and row["status"] not in FINALS]
        asked = [database.tables["run_request"][id]["workflow_run"] for id in database.open_requests]
        for child in (each for row in rows for each in current_runs(database, row)):
            alike = child["status"] in FINALS or (child["status"] in _STANDING) == stands
            if not alike and child["id"] not in asked:
                raise Violation("not_told", f"run {run['id']} is {run['status']}, run {child['id']} in it is not told")

    def _begun(self, row: Row) -> None:
        """Nothing begins below a run that stands still. A rule starts one execution for an event."""
        self._check_paused(row)
        if row["event"] is None:
            return
        key = (row["event"], row["rule_ref"])
        if key in self._of_events:
            raise Violation("enforced_twice", f"event {key[0]} has started {key[1]} twice")
        self._of_events.add(key)

    def _check_paused(self, row: Row) -> None:
        """Somebody may let a subworkflow go on alone; its parent learns of it a little later."""
        above, went_on, now = row, EPOCH, self._clock.awake
        while above["workflow_run"] is not None:
            run = self._database.run(above["workflow_run"])
            since = self._stood_still.get(run["id"], now)
            if went_on <= since < now - (self._told() if above is not row else timedelta()):
                raise Violation("works_while_paused", f"execution {row['id']} is new, run {run['id']} stands still")
            went_on = max(went_on, self._went_on.get(run["id"], EPOCH))
            above = self._database.tables["execution"][run["execution"]]

    def _told(self) -> timedelta:
        """So long after a run stands still those below it may not have heard of it: while there is trouble all
        executors may be frozen."""
        if not self._world.plan.faults.events:
            return _TOLD_AT_ONCE
        return _TOLD if self._world.healed_for(_TOLD.total_seconds()) else _EVER

    def _given_up(self, row: Row) -> None:
        """Work that may run again is not given up for a lost worker before it was lost so often. A subworkflow ends
        with the error of its task."""
        lost = not row["is_workflow"] and (row["error"] or {}).get("type") == "worker_lost"
        if lost and row["losses"] < MAX_LOSSES and self.may_repeat(row):
            raise Violation("given_up_early", f"execution {row['id']} was lost {row['losses']} times")

    def may_repeat(self, row: Row) -> bool:
        return row["max_retries"] > 0 or bool(self._database.tables["action"][row["action_ref"]]["spec"])

    def _cancelled(self, before: Row, after: Row) -> None:
        what = f"execution {after['id']} was to be cancelled"
        if before["status"] == "requested" and after["status"] in _BEGUN:
            raise Violation("cancelled_begins", f"{what} and is {after['status']}")
        if after["is_workflow"]:
            return
        if before["status"] == "waiting" and after["status"] in ("scheduled", "running"):
            raise Violation("cancelled_begins", f"{what} while it waited and is {after['status']}")
        if after["attempt"] > before["attempt"]:
            raise Violation("cancelled_goes_on", f"{what} and gets attempt {after['attempt']}")
        if after["status"] in ("failed", "timeout") and before["status"] not in FINALS:
            raise Violation("cancelled_goes_on", f"{what} and is {after['status']}")

    def _run(self, run: Row) -> None:
        """A run that has not ended by its deadline is not completed long after it."""
        limit = self._world.graph(run["version"]).timeout
        if run["status"] != "completed" or limit is None or "jump" in self._world.plan.faults.events:
            return
        lines = self._database.tables["journal"]
        told = {lines[(run["id"], revision)]["signal"]["type"] for revision in range(1, run["revision"] + 1)}
        took = run["completed_at"] - run["created"]
        if took > timedelta(seconds=limit) + _LATE and told.isdisjoint(_BESIDE_TIME):
            raise Violation("deadline", f"run {run['id']} is completed after {took}, it had {limit} s")

    def check_asked(self, run: Row, live: list[Row]) -> None:
        """All that goes on in a run that is cancelled has been asked to stop."""
        spares = self._world.graph(run["version"]).cancellation_policy is CancellationPolicy.ALLOW_FINISH
        if run["status"] != "canceling" or spares:
            return
        for row in live:
            if not row["cancel_requested"]:
                raise Violation("not_asked", f"run {run['id']} is cancelled, execution {row['id']} is {row['status']}")

    def _heard(self) -> None:
        """Who says that it runs an attempt has a lease on it from then on, whatever became of its acceptance."""
        heard = self._database.tables["heard"]
        for row in self._database.executions():
            if row["status"] == "scheduled" and row["token"] in heard and row["lease_until"] is None:
                raise Violation("no_lease", f"execution {row['id']}: its worker was heard and has no lease")

    def check_at_the_end(self) -> None:
        """Each attempt but the last has left its outcome."""
        kept = self._database.tables["execution_attempt"]
        for row in self._database.tables["execution"].values():
            for attempt in range(1, row["attempt"]):
                if (row["id"], attempt) not in kept:
                    raise Violation("history", f"execution {row['id']}: nothing is kept of attempt {attempt}")
