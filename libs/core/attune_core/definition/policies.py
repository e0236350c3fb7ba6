"""Retry, iteration, dependencies and the reserved `compensate` of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_core.definition.composer import kind_of
from attune_core.definition.document import Path
from attune_core.definition.fields import Fields, integer
from attune_core.definition.graph import Dependency, DependencyType, Iteration, Retry
from attune_core.definition.keys import COMPENSATE, DEPENDENCY, ITERATION, RETRY, TOLERATE, OnItemFailure
from attune_core.definition.limits import MAX_BATCH, MAX_CONCURRENCY, MAX_RETRIES, MAX_SECONDS
from attune_core.definition.templates import Stage, Templates, has_template
from attune_core.expressions.render import Condition, Value
from attune_core.model.names import REF
from attune_core.model.policy import Backoff


def read_retry(task: Fields, templates: Templates) -> Retry | None:
    fields = task.child("retry", RETRY)
    if fields is None:
        return None
    if not fields.has("count"):
        hint = "write `count: 3` for three retries after the first attempt"
        task.findings.error(fields.path, "missing_key", "`retry` has no `count`", hint)
    delay = templates.seconds(fields.get("delay"), fields.at("delay"), Stage.ATTEMPT)
    return Retry(
        count=fields.integer("count", 0, MAX_RETRIES) or 0,
        delay=delay if delay is not None else templates.value(0, fields.path, Stage.ATTEMPT),
        backoff=fields.choice("backoff", Backoff, Backoff.CONSTANT),
        max_delay=fields.number("max_delay", 0, MAX_SECONDS),
        jitter=fields.number("jitter", 0, 1) or 0.0,
        on_error=templates.condition(fields.get("on_error"), fields.at("on_error"), Stage.ATTEMPT),
    )


def read_iteration(task: Fields, templates: Templates, when: Condition | None) -> Iteration | None:
    if not task.has("with_items"):
        for key in task.present(ITERATION):
            message = f"`{key}` means nothing without `with_items`"
            task.findings.error(task.at(key), "needs_with_items", message, "add `with_items`", on_key=True)
        return None
    count, percentage = _tolerate(task)
    return Iteration(
        items=_items(task, templates),
        batch_size=task.integer("batch_size", 1, MAX_BATCH),
        concurrency=_concurrency(task, templates),
        tolerate_count=count,
        tolerate_percentage=percentage,
        continue_on_failure=task.choice("on_item_failure", OnItemFailure, OnItemFailure.STOP) is OnItemFailure.CONTINUE,
        when_per_item=when is not None and when.reads.uses_item,
    )


def _items(task: Fields, templates: Templates) -> Value:
    raw, path = task.get("with_items"), task.at("with_items")
    if not isinstance(raw, list | Mapping) and not has_template(raw):
        task.wrong("with_items", "a list, a map or a template", 'write "{{ parameters.items }}"')
        raw = []
    return templates.value(raw, path, Stage.START)


def _concurrency(task: Fields, templates: Templates) -> Value | None:
    raw, path = task.get("concurrency"), task.at("concurrency")
    if raw is None:
        return None
    if not has_template(raw):
        raw = integer(raw, path, task.findings, low=1, high=MAX_CONCURRENCY)
    return templates.value(raw, path, Stage.START)


def _tolerate(task: Fields) -> tuple[int | None, float | None]:
    fields = task.child("tolerate", TOLERATE)
    if fields is None:
        return None, None
    if fields.has("count") == fields.has("percentage"):
        hint = "write `tolerate: {count: 2}` or `tolerate: {percentage: 10}`"
        task.findings.error(fields.path, "wrong_type", "`tolerate` needs either `count` or `percentage`", hint)
    return fields.integer("count", 0, MAX_BATCH), fields.number("percentage", 0, 100)


def read_dependencies(task: Fields) -> tuple[Dependency, ...]:
    """A name, or a list of names and of `{task, type}`."""
    raw = task.get("depends_on")
    if raw is None:
        return ()
    entries = [raw] if isinstance(raw, str) else raw
    if not isinstance(entries, list):
        task.wrong("depends_on", "a list of task names", "write `depends_on: [first, second]`")
        return ()
    found: dict[str, Dependency] = {}
    for index, entry in enumerate(entries):
        path = (*task.at("depends_on"), index)
        dependency = _dependency(entry, path, task)
        if dependency is None:
            continue
        if dependency.task in found:
            task.findings.error(path, "duplicate_name", f"`{dependency.task}` is named twice", "name it once")
        found.setdefault(dependency.task, dependency)
    return tuple(found.values())


def _dependency(entry: Any, path: Path, task: Fields) -> Dependency | None:
    if isinstance(entry, str):
        return Dependency(entry)
    if not isinstance(entry, Mapping):
        message = f"a task name or `{{task, type}}` is needed, not {kind_of(entry)}"
        task.findings.error(path, "wrong_type", message)
        return None
    fields = Fields(entry, path, task.findings)
    fields.only(DEPENDENCY)
    if not fields.has("task"):
        task.findings.error(path, "missing_key", "the dependency names no `task`", "write `task: NAME`")
    name = fields.text("task")
    if fields.get("task") == "":
        task.findings.error(fields.at("task"), "unknown_task", "the dependency names no task", "write `task: NAME`")
    kind = fields.choice("type", DependencyType, DependencyType.HARD)
    return Dependency(name, kind) if name else None


def read_compensate(task: Fields, templates: Templates) -> None:
    """Reserved: it is checked and kept in the definition, and no run performs it yet."""
    fields = task.child("compensate", COMPENSATE)
    if fields is None:
        return
    if not fields.has("action"):
        task.findings.error(fields.path, "missing_key", "`compensate` has no `action`", "write `action: REF`")
    fields.matching("action", REF, "invalid_ref", "an action's ref such as `core.echo`")
    if fields.has("input"):
        templates.value(fields.get("input"), fields.at("input"), Stage.FINISH)
    templates.condition(fields.get("when"), fields.at("when"), Stage.FINISH)
    read_retry(fields, templates)
    hint = "it is kept with the definition, and no run performs it yet"
    task.findings.warning(task.at("compensate"), "reserved_key", "`compensate` is reserved", hint, on_key=True)
