"""One task of the definition becomes one node of the graph; a parallel block becomes a node and its sub-tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from attune_core.definition.composer import kind_of
from attune_core.definition.document import Path
from attune_core.definition.fields import Fields
from attune_core.definition.findings import Findings
from attune_core.definition.graph import TaskKind, TaskNode
from attune_core.definition.keys import TASK, TASK_BLOCK, TASK_LINKS, TASK_WORK, TaskType
from attune_core.definition.limits import MAX_TASKS
from attune_core.definition.policies import (
    read_compensate,
    read_dependencies,
    read_iteration,
    read_retry,
)
from attune_core.definition.routes import (
    RESERVED,
    read_publish,
    read_routes,
    target_places,
)
from attune_core.definition.templates import Stage, Templates
from attune_core.expressions.render import Value
from attune_core.model.names import MAX_REF, NAME, REF, shown


class TaskReader:
    """Reads tasks in file order. `nodes` by name, `paths` of the tasks, `targets` of their transitions."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.templates = Templates(findings)
        self.nodes: dict[str, TaskNode] = {}
        self.paths: dict[str, Path] = {}
        self.targets: list[tuple[Path, str]] = []
        self._full = False

    def read(self, raw: Any, path: Path) -> None:
        """Read the list of tasks at the path."""
        if not isinstance(raw, list) or not raw:
            hint = "write `tasks:` with `- name: ...` entries below it"
            given = "one that is empty" if raw == [] else kind_of(raw)
            self.findings.error(path, "wrong_type", f"`tasks` must be a list of tasks, not {given}", hint)
            return
        for index, entry in enumerate(raw):
            self._entry(entry, (*path, index), None)
        self.templates.task = None

    def _entry(self, raw: Any, path: Path, block: str | None) -> str | None:
        """Read one task; its name, or None when it has no usable one."""
        if not isinstance(raw, Mapping):
            self.findings.error(path, "wrong_type", f"a task must be a map, not {kind_of(raw)}", "write `- name: ...`")
            return None
        if len(self.nodes) >= MAX_TASKS:
            self._refuse_more(path)
            return None
        task = Fields(raw, path, self.findings)
        task.only(TASK)
        task.text("label")
        task.text("description")
        name = self._name(task)
        # a task without a usable name is read all the same, so that all its problems are found at once
        key = name or f"<{len(self.nodes)}>"
        self.paths[key] = path
        self.nodes[key] = self._node(task, key, block)
        return name

    def _refuse_more(self, path: Path) -> None:
        if not self._full:
            hint = "move a part of it into a workflow of its own"
            self.findings.error(path, "too_many_tasks", f"a workflow has at most {MAX_TASKS:,} tasks", hint)
        self._full = True

    def _name(self, task: Fields) -> str | None:
        if not task.has("name"):
            self.findings.error(task.path, "missing_key", "the task has no `name`", "write `name: ...`")
            return None
        expected = "a task name: letters, digits and _, not a digit first"
        name = task.matching("name", NAME, "invalid_name", expected)
        if name is None:
            return None
        if name in RESERVED:
            hint = "choose another name, transitions use this one"
            self.findings.error(task.at("name"), "reserved_name", f"`{name}` is a reserved target", hint)
            return None
        if name in self.nodes or len(name) > MAX_REF:
            message, hint = f"there is already a task `{shown(name)}`", "task names are unique in a workflow"
            self.findings.error(task.at("name"), "duplicate_name", message, hint)
            return None
        return name

    def _node(self, task: Fields, name: str, block: str | None) -> TaskNode:
        self.templates.task = name
        kind = task.choice("type", TaskType, TaskType.ACTION)
        if block is not None:
            self._refuse(task, TASK_LINKS, "transition_in_parallel", "a sub-task has none", "put it on the block")
        if kind is TaskType.PARALLEL:
            return self._block(task, name, block)
        self._refuse(task, TASK_BLOCK, "needs_parallel", "only a parallel block has it", "add `type: parallel`")
        return self._work(task, name, kind, block)

    def _refuse(self, task: Fields, keys: Collection[str], code: str, why: str, hint: str) -> None:
        for key in task.present(keys):
            self.findings.error(task.at(key), code, f"`{key}` is not possible here: {why}", hint, on_key=True)

    def _block(self, task: Fields, name: str, block: str | None) -> TaskNode:
        self._refuse(task, TASK_WORK, "not_for_parallel", "it is a parallel block", "put it on the sub-tasks")
        node = TaskNode(
            name,
            TaskKind.PARALLEL,
            when=self.templates.condition(task.get("when"), task.at("when"), Stage.START),
            fail_fast=task.flag("fail_fast"),
            block=block,
            **self._links(task, block),
        )
        self.nodes[name] = node
        children = self._children(task, name)
        return replace(node, children=children)

    def _children(self, task: Fields, name: str) -> tuple[str, ...]:
        raw = task.get("tasks")
        if not isinstance(raw, list) or not raw:
            hint = "write `tasks:` with `- name: ...` entries below it"
            self.findings.error(task.at("tasks"), "missing_key", "a parallel block needs its `tasks`", hint)
            return ()
        found = (self._entry(entry, (*task.at("tasks"), index), name) for index, entry in enumerate(raw))
        return tuple(child for child in found if child is not None)

    def _work(self, task: Fields, name: str, kind: TaskType, block: str | None) -> TaskNode:
        action = self._action(task, kind)
        when = self.templates.condition(task.get("when"), task.at("when"), Stage.ITEM)
        iteration = read_iteration(task, self.templates, when)
        read_compensate(task, self.templates)
        return TaskNode(
            name,
            TaskKind.ACTION if action is not None else TaskKind.NOOP,
            action=action,
            input=self.templates.map_of(task, "input", Stage.ITEM),
            when=when,
            iteration=iteration,
            retry=read_retry(task, self.templates),
            timeout=self._seconds(task, "timeout"),
            delay=self._seconds(task, "delay"),
            pool=task.text("pool") or None,
            block=block,
            **self._links(task, block),
        )

    def _links(self, task: Fields, block: str | None) -> dict[str, Any]:
        links: dict[str, Any] = {"publish": read_publish(task, self.templates)}
        if block is None:
            self.targets += target_places(task)
            links["join"] = self._join(task)
            links["depends_on"] = read_dependencies(task)
            links["routes"] = read_routes(task, self.templates)
        return links

    def _action(self, task: Fields, kind: TaskType) -> str | None:
        if not task.has("action"):
            if kind is TaskType.WORKFLOW:
                hint = "write `action: PACK.WORKFLOW`"
                self.findings.error(task.path, "missing_key", "a task of type workflow needs an `action`", hint)
            return None
        return task.matching("action", REF, "invalid_ref", "an action's ref such as `core.echo`")

    def _seconds(self, task: Fields, key: str) -> Value | None:
        above_zero = key == "timeout"
        return self.templates.seconds(task.get(key), task.at(key), Stage.ITEM, above_zero=above_zero)

    def _join(self, task: Fields) -> int | str | None:
        raw = task.get("join")
        if raw is None:
            return None
        if raw == "all":
            return "all"
        if isinstance(raw, str):
            task.wrong("join", "`all` or a number of tasks", "write `join: all`")
            return None
        return task.integer("join", 1, MAX_TASKS)
