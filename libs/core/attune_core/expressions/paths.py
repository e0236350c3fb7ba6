"""Names, attributes and subscripts: `vars.a.b[0]`. Everything is data; nothing is an attribute of Python."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from attune_core.expressions.compiler import Compiler, expression, refusal
from attune_core.expressions.failures import Absent, MissingName, meant
from attune_core.expressions.frame import UNSET, Frame, Run
from attune_core.expressions.roots import (
    CONFIG,
    FUNCTIONS,
    KNOWN,
    ROOTS,
    SYSTEM_KEYS,
    extra,
    whole,
)
from attune_core.expressions.steps import Step, follow
from attune_core.expressions.tasks import task_path

UNSET_NAME = Absent("was set in a branch that was not taken", "set it before the {% if %} too")


@expression(nodes.Name, nodes.Getattr, nodes.Getitem)
def path(compiler: Compiler, node: nodes.Name | nodes.Getattr | nodes.Getitem) -> Run:
    base, steps = _unfold(compiler, node)
    if not isinstance(base, nodes.Name):
        return follow(compiler.compile(base), "the value", steps)
    refuse_hidden(base, base.name)
    places = compiler.resolve(base.name)
    if places:
        return follow(_local(compiler, base, places), base.name, steps)
    return _rooted(compiler, base, steps)


def _unfold(compiler: Compiler, node: nodes.Node) -> tuple[nodes.Node, list[Step | nodes.Slice]]:
    """The base of a path and its steps in reading order."""
    steps: list[Any] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        steps.append(_step(compiler, node))
        node = node.node
    return node, steps[::-1]


def _step(compiler: Compiler, node: nodes.Getattr | nodes.Getitem) -> Any:
    if isinstance(node, nodes.Getattr):
        refuse_hidden(node, node.attr)
        return Step(node, node.attr)
    argument = node.arg
    if isinstance(argument, nodes.Slice):
        return _slice(compiler, argument)
    if isinstance(argument, nodes.Const) and type(argument.value) in (str, int):
        if str(argument.value).startswith("__"):
            refuse_hidden(node, argument.value)
        return Step(node, argument.value)
    return Step(node, None, compiler.compile(argument))


def refuse_hidden(node: nodes.Node, name: str) -> None:
    if name.startswith("_"):
        raise refusal(node, "forbidden_expression", f"{name!r} starts with an underscore, which no name may")


def _slice(compiler: Compiler, node: nodes.Slice) -> Step:
    bounds = [compiler.compile(bound) if bound is not None else None for bound in (node.start, node.stop, node.step)]

    def run(frame: Frame) -> list[Any]:
        return [bound(frame) if bound is not None else None for bound in bounds]

    return Step(node, None, run)


def _rooted(compiler: Compiler, base: nodes.Name, steps: list[Any]) -> Run:
    name = base.name
    if name == "task":
        return _task(compiler, base, steps)
    if name == "pack":
        return _pack(base, steps)
    if name == "null":
        return follow(lambda frame: None, "null", steps)
    if name in compiler.extra_names:
        return follow(extra(name) if steps else whole(extra(name)), name, steps)
    if name in ROOTS:
        _note(compiler, name, steps)
        return follow(ROOTS[name] if steps else whole(ROOTS[name]), name, steps)
    raise unknown_name(compiler, base)


def _note(compiler: Compiler, name: str, steps: list[Any]) -> None:
    key = steps[0].key if steps else None
    reads = compiler.reads
    if name in ("item", "index"):
        reads.uses_item = True
    elif name == "result":
        reads.uses_result = True
    elif name == "vars" and isinstance(key, str):
        reads.vars.add(key)
    elif name == "parameters" and isinstance(key, str):
        reads.parameters.add(key)
    elif name == "system" and isinstance(key, str) and key not in SYSTEM_KEYS:
        hint = meant(key, SYSTEM_KEYS) or f"it has {', '.join(sorted(SYSTEM_KEYS))}"
        raise refusal(steps[0].node, "unknown_name", f"`system` has no {key!r}", hint)


def _task(compiler: Compiler, base: nodes.Name, steps: list[Any]) -> Run:
    if not steps:
        raise refusal(base, "forbidden_expression", "`task` alone is not a value", "name a task: task.NAME.result")
    run, taken = task_path(compiler, steps)
    shown = "task" + "".join(step.shown for step in steps[:taken])
    return follow(run, shown, steps[taken:], null_is_fine=taken > 1)


def _pack(base: nodes.Name, steps: list[Any]) -> Run:
    if not steps or steps[0].key != "config":
        raise refusal(base, "unknown_name", "`pack` has only `config`", "pack.config.NAME")
    return follow(CONFIG if steps[1:] else whole(CONFIG), "pack.config", steps[1:])


def unknown_name(compiler: Compiler, node: nodes.Name) -> Exception:
    name = node.name
    if name in FUNCTIONS:
        return refusal(node, "unknown_name", f"`{name}` is a function", f"call it: {name}()")
    if name == "kv":
        return refusal(node, "unknown_name", "`kv` is read with a function", "kv.get('some.key')")
    hint = meant(name, sorted(KNOWN | compiler.extra_names))
    hint = hint or f"names stand in a scope: parameters.{name} or vars.{name}"
    return refusal(node, "unknown_name", f"{name!r} is not a known name", hint)


def _local(compiler: Compiler, node: nodes.Name, places: list[int]) -> Run:
    """A name of `for` or `set`; one that was set in a branch not taken falls back to what is outside."""
    if places[0] in compiler.certain:
        place = places[0]
        return lambda frame: frame.slots[place]
    outside = _outside(compiler, node)

    def run(frame: Frame) -> Any:
        for place in places:
            if frame.slots[place] is not UNSET:
                return frame.slots[place]
        return outside(frame)

    return run


def _outside(compiler: Compiler, node: nodes.Name) -> Run:
    name = node.name
    if name in ROOTS or name in compiler.extra_names:
        return _rooted(compiler, node, [])

    def run(frame: Frame) -> Any:
        raise MissingName(name, UNSET_NAME, name)

    return run
