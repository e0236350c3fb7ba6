"""`{% for %}`: every pass is charged for all that it may do, so a loop costs nothing to watch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from attune_core.expressions.blocks import Block, Pieces, compile_body, statement
from attune_core.expressions.compiler import Compiler, refusal
from attune_core.expressions.filters.registry import elements
from attune_core.expressions.frame import UNSET, Frame, Run, exhausted
from attune_core.expressions.targets import Store, target
from attune_core.expressions.values import truth
from attune_core.expressions.weights import units


@dataclass(frozen=True, slots=True)
class Loop:
    """`places`: the names that one pass may set; `shown`: the place of `loop`, when it is named."""

    line: int
    iterated: Run
    store: Store
    test: Run | None
    body: Block
    otherwise: Block
    places: tuple[int, ...]
    shown: int | None
    weight: int

    def run(self, frame: Frame, pieces: Pieces) -> None:
        frame.line = self.line
        items = elements(frame, self.iterated(frame), "for")
        if self.test is not None:
            items = list(self._chosen(frame, items, self.test))
        bind, body, shown = self._bind, self.body, self.shown
        for position, item in enumerate(items):
            bind(frame, item)
            if shown is not None:
                frame.slots[shown] = _loop(items, position)
            body(frame, pieces)
        if not items:
            self.otherwise(frame, pieces)

    def _chosen(self, frame: Frame, items: list[Any], test: Run) -> Iterator[Any]:
        for item in items:
            self._bind(frame, item)
            if truth(test(frame)):
                yield item

    def _bind(self, frame: Frame, item: Any) -> None:
        # As `charge` does, without the call.
        frame.fuel -= self.weight
        if frame.fuel < 0:
            raise exhausted()
        for place in self.places:
            frame.slots[place] = UNSET
        self.store(frame, item)


@statement(nodes.For)
def loop(compiler: Compiler, node: nodes.For) -> Block:
    if node.recursive:
        raise refusal(node, "forbidden_expression", "A loop cannot be recursive")
    iterated = compiler.compile(node.iter)
    with compiler.block():
        shown = compiler.declare("loop") if _names_loop(node) else None
        store = target(compiler, node.target)
        bound = tuple(compiler.locals[-1])
        test = compiler.compile(node.test) if node.test is not None else None
        body = compile_body(compiler, node.body)
        places = tuple(compiler.locals[-1].values())[len(bound) :]
    with compiler.branch():
        otherwise = compile_body(compiler, node.else_)
    weight = 2 + _units(node)
    return Loop(node.lineno, iterated, store, test, body, otherwise, places, shown, weight).run


def _loop(items: list[Any], position: int) -> dict[str, Any]:
    """What `loop` shows in one pass."""
    length = len(items)
    return {
        "index": position + 1,
        "index0": position,
        "revindex": length - position,
        "revindex0": length - position - 1,
        "first": position == 0,
        "last": position == length - 1,
        "length": length,
        "previtem": items[position - 1] if position else None,
        "nextitem": items[position + 1] if position + 1 < length else None,
    }


def _names_loop(node: nodes.For) -> bool:
    return any(name.name == "loop" for name in node.find_all(nodes.Name))


def _units(node: nodes.For) -> int:
    """What one pass costs at most. Inner loops charge for their own passes beside it."""
    level: list[nodes.Node] = [*node.body] + ([node.test] if node.test is not None else [])
    cost = 0
    while level:
        cost += sum(map(units, level))
        level = [child for parent in level for child in parent.iter_child_nodes()]
    return cost
