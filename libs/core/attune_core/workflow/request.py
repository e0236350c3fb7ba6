"""The command that runs a task's action once: input, timeout and delay rendered for the task or for one item."""

from __future__ import annotations

from attune_core.definition.graph import TaskNode
from attune_core.expressions.scope import Scope
from attune_core.workflow.commands import RunAction
from attune_core.workflow.problems import TaskProblem, render, seconds
from attune_core.workflow.signals import TaskKey


def action_request(node: TaskNode, key: TaskKey, scope: Scope) -> RunAction:
    """Errors: TaskProblem of type input_error; FactsMissing."""
    name = node.name
    parameters = {} if node.input is None else render(node.input, scope, "input_error", f"{name}.input")
    if not isinstance(parameters, dict):
        raise TaskProblem("input_error", f"{name}.input must give a map, it gave {type(parameters).__name__}")
    return RunAction(
        key=key,
        action=node.action or "core.noop",
        parameters=parameters,
        timeout=None if node.timeout is None else seconds(node.timeout, scope, f"{name}.timeout", positive=True),
        delay=0.0 if node.delay is None else seconds(node.delay, scope, f"{name}.delay", positive=False),
        max_retries=node.retry.count if node.retry else 0,
        pool=node.pool,
    )
