"""Names in templates, transitions and dependencies: do they exist, and do they mean something there?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from attune_core.definition.document import Path
from attune_core.definition.routes import RESERVED
from attune_core.definition.softness import bare_outcome_calls, hard_names
from attune_core.definition.templates import Stage, Use, texts
from attune_core.definition.workflow import Draft
from attune_core.errors import Severity
from attune_core.expressions.render import compile_value
from attune_core.model.names import did_you_mean, shown

_ENDED: Final = frozenset({Stage.FINISH, Stage.ATTEMPT})
_PER_ITEM: Final = frozenset({Stage.ITEM, Stage.ATTEMPT})
_OPEN_KEYWORDS: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if"})


def check_names(draft: Draft) -> None:
    _check_targets(draft)
    _check_dependencies(draft)
    for use in draft.uses:
        _check_scope(draft, use, "task", use.reads.tasks, draft.graph.tasks)
        _check_scope(draft, use, "vars", use.reads.vars, draft.variables)
        _check_parameters(draft, use)
        _check_stage(draft, use)
        _check_secrets(draft, use)


def _check_targets(draft: Draft) -> None:
    for path, target in draft.targets:
        if target in RESERVED or draft.findings.full:
            continue
        node = draft.graph.tasks.get(target)
        if node is None:
            hint = did_you_mean(target, [*draft.graph.tasks, *RESERVED], "define the task, or name another")
            draft.findings.error(path, "unknown_task", f"there is no task `{shown(target)}`", hint)
        elif node.block is not None:
            hint = f"name the block `{node.block}`"
            draft.findings.error(path, "transition_into_block", f"`{target}` is part of a parallel block", hint)


def _check_dependencies(draft: Draft) -> None:
    for node in draft.graph.tasks.values():
        for dependency in node.depends_on:
            if dependency.task not in draft.graph.tasks and not draft.findings.full:
                path = (*draft.paths[node.name], "depends_on")
                hint = did_you_mean(dependency.task, draft.graph.tasks, "define the task, or name another")
                message = f"there is no task `{shown(dependency.task)}`"
                draft.findings.error(path, "unknown_task", message, hint)


def _check_scope(draft: Draft, use: Use, scope: str, read: Collection[str], existing: Collection[str]) -> None:
    missing = {name for name in read if name not in existing}
    if not missing:
        return
    for path, text in texts(use.raw, use.path):
        if not any(draft.findings.room(severity) for severity in Severity):
            return
        here = sorted(missing & _read_in(text, use, scope))
        hard = hard_names(text, scope) if here else frozenset()
        for name in here:
            severity = Severity.ERROR if name in hard else Severity.WARNING
            if not draft.findings.room(severity):
                continue
            code, sentence = _unknown(scope, name)
            hint = did_you_mean(name, existing, _where_to_define(scope, name))
            if severity is Severity.ERROR:
                draft.findings.error(path, code, sentence, hint)
            else:
                draft.findings.warning(path, code, f"{sentence}, only its default is ever used", hint)


def _read_in(text: str, use: Use, scope: str) -> frozenset[str]:
    """What one text of a value reads of the scope."""
    reads = use.reads if use.is_condition else compile_value(text).reads
    match scope:
        case "task":
            return reads.tasks
        case "vars":
            return reads.vars
        case _:
            return reads.parameters


def _unknown(scope: str, name: str) -> tuple[str, str]:
    match scope:
        case "task":
            return "unknown_task", f"there is no task `{shown(name)}`"
        case "vars":
            return "unknown_variable", f"no variable `{shown(name)}` is declared or published"
        case _:
            return "unknown_parameter", f"there is no parameter `{shown(name)}`"


def _where_to_define(scope: str, name: str) -> str:
    match scope:
        case "task":
            return "define the task, or name another"
        case "vars":
            return f"declare it: `vars: {{{shown(name)}: null}}`"
        case _:
            return f"declare it: `parameters: {{{shown(name)}: {{type: string}}}}`"


def _check_parameters(draft: Draft, use: Use) -> None:
    if not use.reads.parameters:
        return
    known = _parameters(draft)
    if known is not None:
        _check_scope(draft, use, "parameters", use.reads.parameters, known)


def _parameters(draft: Draft) -> Collection[str] | None:
    """The declared parameters; None when the schema is open or broken, so that nothing can be said."""
    schema = draft.graph.parameters_schema
    if schema is None:
        return () if draft.declares_no_parameters else None
    if _is_open(schema):
        return None
    properties = schema.get("properties", {})
    return properties if isinstance(properties, Mapping) else None


def _is_open(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("additionalProperties")) or any(key in schema for key in _OPEN_KEYWORDS)


def _check_stage(draft: Draft, use: Use) -> None:
    node = draft.graph.tasks.get(use.task) if use.task is not None else None
    iterates = node is not None and node.iteration is not None
    if use.reads.uses_item and not (iterates and use.stage in _PER_ITEM):
        hint = "`item` and `index` stand for the element in input, when, timeout, delay and retry of an iteration"
        if not iterates:
            hint = "add `with_items`, or read the value from its scope"
        _at_texts(draft, use, ("item", "index"), "item_outside_iteration", "`item` has no value here", hint)
    if use.reads.uses_result and use.stage not in _ENDED:
        hint = "name the task: `task.NAME.result`"
        _at_texts(draft, use, ("result", "error"), "result_outside_task", "`result` has no value here", hint)
    if use.stage not in _ENDED:
        _check_calls(draft, use)


def _check_secrets(draft: Draft, use: Use) -> None:
    """A secret goes into the input of a task and nowhere else: what is kept or decided on would show it."""
    if not use.reads.secret_keys or _is_input(draft, use):
        return
    hint = "read it in the `input` of the task that needs it"
    message = "a secret can only be used in the input of a task"
    _at_texts(draft, use, ("get_secret",), "secret_outside_input", message, hint)


def _is_input(draft: Draft, use: Use) -> bool:
    if use.task is None or use.task not in draft.paths:
        return False
    place = len(draft.paths[use.task])
    return len(use.path) > place and use.path[place] == "input"


def _check_calls(draft: Draft, use: Use) -> None:
    for path, text in texts(use.raw, use.path):
        if "()" not in text and "( " not in text:
            continue
        for call in sorted(bare_outcome_calls(text)):
            message = f"`{call}()` means nothing here: no task has just finished"
            draft.findings.error(path, "result_outside_task", message, f"name the task: `{call}('NAME')`")


def _at_texts(draft: Draft, use: Use, words: tuple[str, ...], code: str, message: str, hint: str) -> None:
    """At each text of the value that holds one of the words."""
    places: list[Path] = [path for path, text in texts(use.raw, use.path) if any(word in text for word in words)]
    for path in places or [use.path]:
        draft.findings.error(path, code, message, hint)
