"""The graph of a run and its journal as the terminal shows them."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from attune_cli.journal import row_of
from attune_cli.live.ways import as_lines

_NODE: dict[str, Any] = {
    "kind": "action", "action": "t.echo", "block": None, "status": "completed", "activations": 1, "attempts": 1,
    "duration": 2.0, "items": None, "error": None,
}  # fmt: skip
_EDGE: dict[str, Any] = {"condition": None, "fired": False, "times": 0, "gave": None}


def drawn(graph: dict[str, Any]) -> list[str]:
    console = Console(width=160, record=True, file=StringIO())
    console.print(as_lines(graph))
    return console.export_text().splitlines()


def test_tasks_with_their_ways() -> None:
    counts = {"total": 10, "succeeded": 6, "skipped": 1, "failed": 1, "timed_out": 0, "cancelled": 0}
    lines = drawn(
        {
            "workflow_ref": "t.flow",
            "status": "running",
            "nodes": [
                {**_NODE, "name": "look", "activations": 3, "attempts": 2},
                {**_NODE, "name": "each", "status": "running", "items": counts, "duration": None},
                {**_NODE, "name": "both", "kind": "parallel", "action": None, "status": "pending", "duration": None},
                {**_NODE, "name": "left", "block": "both", "status": "failed", "error": {"message": "no"}},
            ],
            "edges": [
                {**_EDGE, "from": "look", "to": "each", "on": "next[0]", "fired": True, "times": 2,
                 "condition": "{{ result.n > 3 }}", "gave": "true"},
                {**_EDGE, "from": "look", "to": "fail", "on": "next[1]", "condition": "{{ x }}", "gave": "no x"},
                {**_EDGE, "from": "both", "to": "left", "on": "contains"},
            ],
        }
    )  # fmt: skip
    assert lines[0] == "t.flow  running"
    assert lines[1].rstrip() == "✓ look  completed  pass 3  attempt 2  2.00s  t.echo"
    assert lines[2].rstrip() == "    next[0] ━▶ each 2x   {{ result.n > 3 }} true"
    assert lines[3].rstrip() == "    next[1] ─▷ fail   {{ x }} no x"
    assert "8/10 items (1 failed)" in lines[4]
    assert lines[6].rstrip().endswith("no")
    assert len(lines) == 7


def test_lines_of_the_journal() -> None:
    row = row_of(
        {
            "revision": 4,
            "time": "now",
            "signal": {
                "type": "TaskFinished",
                "key": {"task": "each", "iteration": 2, "index": 3},
                "attempt": 2,
                "outcome": {"status": "failed"},
            },
            "commands": [
                {"type": "FinishExecution"},
                {"type": "TaskEnded", "task": "each", "iteration": 2, "status": "failed", "fired": ["on_failure"]},
                {"type": "RunAction", "key": {"task": "b", "iteration": 1, "index": None}},
                {"type": "SetTimer", "kind": "run_timeout", "seconds": 5},
                {"type": "FinishRun", "status": "failed"},
            ],
        }
    )
    assert row["signal"] == "TaskFinished each/2[3] failed (attempt 2)"
    assert row["commands"] == ("end each/2 failed by on_failure, run b, timer run_timeout in 5 s, finish failed")


def test_many_commands_are_counted() -> None:
    runs = [{"type": "RunAction", "key": {"task": "a", "iteration": 1, "index": n}} for n in range(100)]
    row = row_of({"signal": {"type": "RetryRequested", "tasks": ["a", "b"], "reset_items": False}, "commands": runs})
    assert row["commands"] == "run a 100x"
    assert row["signal"] == "RetryRequested a, b failed items"
