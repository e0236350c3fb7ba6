"""What the rows say of an attempt is what its worker had to report, and of a run what its variables hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.database import Row
from tests.simulator.fate import attempt_of, fate_at, place_of
from tests.simulator.violation import Violation

if TYPE_CHECKING:
    from tests.simulator.world import World

_WORKED = ("test.work", "test.once")
_ENDS = ("completed", "failed", "timeout", "cancelled")


class Truth:
    def __init__(self, world: World) -> None:
        self._world, self._database = world, world.database

    def look_at_report(self, run: int, signal: Row) -> None:
        """Of an attempt, as the journal has it."""
        key = signal["key"]
        row = self._database.execution(self._database.by_place[(run, *key.values())])
        if row is not None and row["action_ref"] in _WORKED and row["tries"] == 1:
            error = signal["outcome"].get("error") or {}
            self._compare(row, signal["attempt"], signal["outcome"]["status"], error.get("type", ""))

    def look_at(self, row: Row) -> None:
        """Of an execution that has just ended."""
        if row["action_ref"] in _WORKED and row["workflow_run"] is None:
            status = "succeeded" if row["status"] == "completed" else row["status"]
            self._compare(row, attempt_of(row), status, (row["error"] or {}).get("type", ""))
        if row["is_workflow"] and row["status"] == "completed":
            self._compare_output(row)

    def _compare(self, row: Row, attempt: int, status: str, error: str) -> None:
        fate = fate_at(self._world.plan, place_of(self._database, row, attempt))
        said = f"execution {row['id']}: attempt {attempt} {status} {error}, its worker says {fate.status} {fate.error}"
        if status == "succeeded" and fate.status != "succeeded":
            raise Violation("untrue", said)
        if status == "failed" and error in ("boom", "flaky") and error != fate.error:
            raise Violation("untrue", said)

    def _compare_output(self, row: Row) -> None:
        runs = [self._database.run(id) for id in self._database.runs_of[row["id"]]]
        run = next(run for run in runs if run["attempt"] == row["attempt"])
        if run["status"] not in _ENDS:
            raise Violation("untrue", f"execution {row['id']} is completed, its run {run['id']} is {run['status']}")
        if row["result"] != {"n": run["variables"].get("n")}:
            raise Violation("untrue", f"execution {row['id']} has {row['result']}, its run {run['variables']}")
