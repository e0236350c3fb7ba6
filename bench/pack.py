"""The pack that is measured: made anew for each run, so that a workflow may have any length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STEPS = 10


def write_pack(root: Path) -> Path:
    """The files of pack `bench` below `root`. JSON is YAML."""
    _write(root / "pack.yaml", {"ref": "bench", "label": "What is measured", "version": "1.0.0"})
    for flow in (sequence("sequence", STEPS), sequence("long", 500), _fan_out(), _python()):
        _write(root / "workflows" / f"{flow['ref'].partition('.')[2]}.yaml", flow)
    _write(
        root / "actions" / "think.yaml",
        {
            "ref": "bench.think",
            "label": "Think",
            "runtime": "python",
            "entry_point": "think.py",
            "parameters": {"n": {"type": "integer"}},
        },
    )
    (root / "actions" / "think.py").write_text("def run(n):\n    return {'n': n}\n")
    _write(root / "triggers" / "tick.yaml", {"ref": "bench.tick", "label": "Tick", "kind": "event"})
    _write(
        root / "rules" / "on_tick.yaml",
        {
            "ref": "bench.on_tick",
            "label": "On tick",
            "trigger": "bench.tick",
            "when": "{{ event.payload.n >= 0 }}",
            "action": "core.noop",
            "parameters": {"n": "{{ event.payload.n }}"},
            "enabled": True,
        },
    )
    return root


def sequence(name: str, steps: int) -> dict[str, Any]:
    """`steps` tasks one after another, each with templates in its input and a publish; the output counts them."""
    tasks: list[dict[str, Any]] = []
    for number in range(steps):
        task: dict[str, Any] = {"name": f"t{number}", "action": "core.noop"}
        task["input"] = {"n": "{{ vars.n }}", "text": "{{ parameters.name }} is at {{ vars.n }}"}
        task["publish"] = [{"n": "{{ vars.n + 1 }}"}]
        if number + 1 < steps:
            task["on_success"] = f"t{number + 1}"
        tasks.append(task)
    return {
        "ref": f"bench.{name}", "label": f"{steps} steps", "parameters": {"name": {"type": "string", "default": "it"}},
        "vars": {"n": 0}, "tasks": tasks, "output_map": {"n": "{{ vars.n }}"},
    }  # fmt: skip


def _fan_out() -> dict[str, Any]:
    """A thousand items at once, as other systems take them; where nothing is said it is a hundred to begin with."""
    return _list("fan_out", "core.noop", concurrency=1_000)


def _python() -> dict[str, Any]:
    return _list("python", "bench.think")


def _list(name: str, action: str, **options: Any) -> dict[str, Any]:
    each = {"name": "each", "action": action, "with_items": "{{ range(parameters.items) | list }}"}
    each |= {"input": {"n": "{{ item }}"}, "on_success": "after"} | options
    return {
        "ref": f"bench.{name}", "label": "Items and a join", "parameters": {"items": {"type": "integer"}},
        "vars": {"n": 0}, "tasks": [each, {"name": "after", "action": "core.noop", "publish": [{"n": "{{ 1 }}"}]}],
        "output_map": {"n": "{{ vars.n }}"},
    }  # fmt: skip


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
