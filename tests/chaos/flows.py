"""The workflows of the run by weight, and what each must give: a workflow that ends otherwise has lost something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flow:
    """`expected(n)` is every result that a run with this parameter may give."""

    ref: str
    weight: float
    expected: Callable[[int], list[Any]]


def _outer(n: int) -> list[Any]:
    many = [{"value": n + 1}, {"value": n + 2}]
    return [{"told": {"first": n, "many": many, "why": "failed_by_workflow"}}]


FLOWS = [
    Flow("chaos.chain", 4, lambda n: [{"value": n + 2}]),
    Flow("chaos.fan", 3, lambda n: [{"sum": 4 * n + 6}]),
    Flow("chaos.each", 2, lambda n: [{"values": [{"value": i * n} for i in range(8)], "succeeded": 8}]),
    Flow("chaos.late", 2, lambda n: [{"value": n, "why": "timeout"}]),
    Flow("chaos.outer", 2, _outer),
    Flow("chaos.wait", 2, lambda n: [{"value": 2 * n}]),
    Flow("chaos.loop", 2, lambda n: [{"passes": 4, "total": 4 * n + 6}]),
    Flow("chaos.careful", 2, lambda n: [{"said": "done"}, {"said": "worker_lost"}]),
]
BY_REF = {flow.ref: flow for flow in FLOWS}
EFFECT_ACTIONS = ("chaos.effect", "chaos.once", "chaos.think")
ONCE_ACTION = "chaos.once"
