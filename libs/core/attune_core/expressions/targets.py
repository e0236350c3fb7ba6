"""Where `set` and `for` put what they give a name to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from jinja2 import nodes

from attune_core.expressions.compiler import Compiler, forbidden
from attune_core.expressions.failures import fail, kind
from attune_core.expressions.frame import Frame
from attune_core.expressions.paths import refuse_hidden

Store: TypeAlias = Callable[[Frame, Any], None]


def target(compiler: Compiler, node: nodes.Node) -> Store:
    """A name, or several that take a list apart."""
    if isinstance(node, nodes.Name):
        refuse_hidden(node, node.name)
        place = compiler.declare(node.name)
        return _named(place)
    if not isinstance(node, nodes.Tuple):
        raise forbidden(node)
    parts = [target(compiler, item) for item in node.items]

    def store(frame: Frame, value: Any) -> None:
        for part, item in zip(parts, _unpacked(value, len(parts)), strict=True):
            part(frame, item)

    return store


def _named(place: int) -> Store:
    def store(frame: Frame, value: Any) -> None:
        frame.slots[place] = value

    return store


def _unpacked(value: Any, count: int) -> list[Any]:
    if type(value) is list and len(value) == count:
        return value
    if isinstance(value, Mapping) and tuple(value) == ("grouper", "list"):
        return list(value.values())
    if not isinstance(value, list | tuple):
        sentence = f"A {kind(value)} cannot be taken apart into {count} names"
        fail("wrong_type", sentence, "loop over `map | items`")
    if len(value) != count:
        fail("wrong_value", f"A list of {len(value)} cannot be taken apart into {count} names")
    return list(value)
