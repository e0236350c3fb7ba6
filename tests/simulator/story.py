"""What a seed stands for, in words, before its story."""

from __future__ import annotations

from dataclasses import fields

from tests.simulator.definitions import Definition
from tests.simulator.faults import NONE, Faults
from tests.simulator.plans import MIXTURES, Plan


def introduction(plan: Plan) -> str:
    """The workflows, who starts what when, and what goes wrong."""
    name = MIXTURES[plan.seed % len(MIXTURES)].__name__
    lines = [f"seed {plan.seed}: {name}{', independent of the order' if plan.independent else ''}"]
    lines += [f"  {name}: {value}" for name, value in _trouble(plan.faults)]
    lines += [f"  at {start.at:5.1f} s {start.key} asks for {start.action}" for start in plan.starts]
    for definition in plan.workflows.values():
        lines += _workflow(definition)
    return "\n".join([*lines, "", "  seconds  who         what"])


def _trouble(faults: Faults) -> list[tuple[str, object]]:
    """What is not as in a world without faults."""
    values = [(field.name, getattr(faults, field.name)) for field in fields(faults)]
    said = [(name, value) for name, value in values if value != getattr(NONE, name)]
    return [(name, round(value, 3) if isinstance(value, float) else value) for name, value in said]


def _workflow(definition: Definition) -> list[str]:
    policies = {key: value for key, value in definition.items() if key not in ("ref", "vars", "tasks", "output_map")}
    lines = [f"  workflow {definition['ref']} {policies or ''}".rstrip()]
    for task in definition["tasks"]:
        said = {key: value for key, value in task.items() if key != "name"}
        lines.append(f"    {task['name']}: {said}")
    return lines
