"""The few functions of the language. A call of anything else, a method above all, is refused."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from attune_core.expressions.compiler import Compiler, expression, refusal
from attune_core.expressions.failures import Absent, MissingName, fail, kind, meant
from attune_core.expressions.frame import Frame, Run
from attune_core.expressions.limits import RANGE_LENGTH
from attune_core.expressions.paths import refuse_hidden
from attune_core.expressions.roots import FUNCTIONS
from attune_core.expressions.scope import MISSING
from attune_core.expressions.secrets import Secret
from attune_core.expressions.tasks import shown_task

# A task shows the status of its execution, `outcome` the word of the language: both are understood.
STATUSES = {
    "succeeded": frozenset({"succeeded", "completed"}),
    "failed": frozenset({"failed", "abandoned"}),
    "timed_out": frozenset({"timed_out", "timeout"}),
    "skipped": frozenset({"skipped"}),
}
STATUSES["completed"] = STATUSES["succeeded"] | STATUSES["failed"] | STATUSES["timed_out"]

INSTEAD_OF_METHODS = {
    "get": "read the key and add a default: vars.a['key'] | default(...)",
    "strip": "use the filter trim",
    "format": "join text with ~",
    "startswith": "use the filter regex_match",
    "endswith": "use the filter regex_search",
}
NO_KEY = Absent("is not in the datastore", "give a default: kv.get(key, default=...)")


@expression(nodes.Call)
def call(compiler: Compiler, node: nodes.Call) -> Run:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise refusal(node, "forbidden_expression", "Arguments cannot be unpacked with * or **")
    target = node.node
    if isinstance(target, nodes.Name):
        return _function(compiler, node, target)
    if isinstance(target, nodes.Getattr):
        return _method(compiler, node, target)
    raise refusal(node, "forbidden_expression", "Only functions of the language can be called")


def _function(compiler: Compiler, node: nodes.Call, target: nodes.Name) -> Run:
    name = target.name
    refuse_hidden(target, name)
    if compiler.resolve(name) or name not in FUNCTIONS:
        hint = meant(name, FUNCTIONS) or f"the functions are {', '.join(FUNCTIONS)} and kv.get"
        raise refusal(target, "unknown_name", f"{name!r} is not a function", hint)
    if name == "now":
        _arguments(compiler, node, name, most=0)
        return lambda frame: frame.scope.now
    if name == "range":
        return _range(_arguments(compiler, node, name, least=1, most=3))
    return _status(compiler, node, name)


def _method(compiler: Compiler, node: nodes.Call, target: nodes.Getattr) -> Run:
    refuse_hidden(target, target.attr)
    owner = target.node
    if isinstance(owner, nodes.Name) and owner.name == "kv" and not compiler.resolve("kv"):
        if target.attr == "get":
            return _kv_get(compiler, node)
        if target.attr == "get_secret":
            return _kv_get_secret(compiler, node)
        raise refusal(target, "unknown_name", f"`kv` has no {target.attr!r}", "kv.get(key) or kv.get_secret(key)")
    hint = INSTEAD_OF_METHODS.get(target.attr, f"values have no methods; filters do the work: | {target.attr}")
    raise refusal(target, "forbidden_expression", f"{target.attr}() cannot be called", hint)


def _arguments(compiler: Compiler, node: nodes.Call, name: str, least: int = 0, most: int = 1) -> list[Run]:
    if node.kwargs or not least <= len(node.args) <= most:
        wanted = "no arguments" if most == 0 else f"{least} to {most} arguments" if least < most else f"{most}"
        raise refusal(node, "wrong_arguments", f"{name}() takes {wanted}")
    return [compiler.compile(argument) for argument in node.args]


def _literal(node: nodes.Call) -> str | None:
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, nodes.Const) and isinstance(first.value, str) else None


def _status(compiler: Compiler, node: nodes.Call, name: str) -> Run:
    arguments = _arguments(compiler, node, name)
    accepted = STATUSES[name]
    if not arguments:
        return lambda frame: _own_outcome(frame, name) in accepted
    task = _literal(node)
    if task is not None:
        compiler.reads.tasks.add(task)
    asked = arguments[0]
    return lambda frame: shown_task(frame, asked(frame))["status"] in accepted


def _own_outcome(frame: Frame, name: str) -> str:
    outcome = frame.scope.outcome
    if outcome is None:
        fail("undefined_name", f"{name}() has no task here", f"name one: {name}('task')")
    return outcome


def _range(arguments: list[Run]) -> Run:
    def run(frame: Frame) -> list[int]:
        bounds = [argument(frame) for argument in arguments]
        for bound in bounds:
            if isinstance(bound, bool) or not isinstance(bound, int):
                fail("wrong_type", f"range() takes whole numbers, not {kind(bound)}")
        if len(bounds) == 3 and bounds[2] == 0:
            fail("wrong_value", "The step of range() cannot be 0")
        numbers = range(*bounds)
        if not _within(numbers):
            fail("too_long", f"range() gives at most {RANGE_LENGTH} numbers")
        frame.charge(len(numbers))
        return list(numbers)

    return run


def _within(numbers: range) -> bool:
    try:
        return len(numbers) <= RANGE_LENGTH
    except OverflowError:
        return False


def _kv_get(compiler: Compiler, node: nodes.Call) -> Run:
    key, default = _key_and_default(compiler, node)
    literal = _literal(node)
    if literal is not None:
        compiler.reads.kv_keys.add(literal)

    def run(frame: Frame) -> Any:
        name = _key(key(frame))
        value = frame.scope.kv(name)
        if value is not MISSING:
            return value
        if default is None:
            raise MissingName(f"kv.get({name!r})", NO_KEY, name)
        return default(frame)

    return run


def _key_and_default(compiler: Compiler, node: nodes.Call) -> tuple[Run, Run | None]:
    named = {keyword.key: keyword.value for keyword in node.kwargs}
    values = list(node.args)
    if len(values) == 1 and set(named) <= {"default"}:
        values += named.values()
    elif named or len(values) != 2:
        raise refusal(node, "wrong_arguments", "kv.get() takes a key and a default", "kv.get('key', default=0)")
    runs = [compiler.compile(value) for value in values]
    return runs[0], runs[1] if len(runs) > 1 else None


def _kv_get_secret(compiler: Compiler, node: nodes.Call) -> Run:
    key = _arguments(compiler, node, "kv.get_secret", least=1)[0]
    literal = _literal(node)
    if literal is not None:
        compiler.reads.secret_keys.add(literal)

    def run(frame: Frame) -> Secret:
        return frame.scope.secret(_key(key(frame)))

    return run


def _key(value: Any) -> str:
    if not isinstance(value, str):
        fail("wrong_type", f"A key of the datastore is text, not {kind(value)}")
    return value
