"""Where a run can go: starts, tasks that nothing reaches, loops."""

from __future__ import annotations

from attune_core.definition.components import components, is_loop
from attune_core.definition.document import Path
from attune_core.definition.graph import DependencyType, Graph, Route, TaskNode
from attune_core.definition.workflow import Draft


def check_flow(draft: Draft) -> None:
    graph = draft.graph
    if not graph.tasks:
        return
    _check_dependency_cycles(draft)
    if not graph.start:
        hint = "one task must have no transition to it and no `depends_on`"
        draft.findings.error(("tasks",), "no_start", "no task can start the run", hint, on_key=True)
        return
    _check_reachable(draft)
    _check_loops(draft)


def transitions(graph: Graph) -> dict[str, list[str]]:
    """Per task the tasks that its transitions name."""
    return {
        name: [target for route in node.routes for target in route.targets if target in graph.tasks]
        for name, node in graph.tasks.items()
    }


def _name_path(draft: Draft, name: str) -> Path:
    return (*draft.paths[name], "name")


def _check_reachable(draft: Draft) -> None:
    reached = _reached(draft.graph)
    for name, node in draft.graph.tasks.items():
        if name not in reached and node.block is None:
            hint = "add a transition to it, or remove it"
            message = f"nothing leads to the task `{name}`"
            draft.findings.error(_name_path(draft, name), "unreachable_task", message, hint)


def _reached(graph: Graph) -> set[str]:
    reached: set[str] = set()
    waiting = set(graph.start)
    while waiting:
        reached |= waiting
        followers = {
            follower
            for name in waiting
            for follower in (
                *(target for route in graph.tasks[name].routes for target in route.targets),
                *graph.dependents.get(name, ()),
                *graph.tasks[name].children,
            )
        }
        waiting = {
            name
            for name in followers
            if name in graph.tasks and name not in reached and _can_run(graph.tasks[name], reached)
        }
    return reached


def _can_run(node: TaskNode, reached: set[str]) -> bool:
    if node.block is not None:
        return node.block in reached
    if node.sources and not any(source in reached for source in node.sources):
        return False
    return all(
        dependency.task in reached for dependency in node.depends_on if dependency.type is not DependencyType.OPTIONAL
    )


def _check_dependency_cycles(draft: Draft) -> None:
    edges = {name: [dependency.task for dependency in node.depends_on] for name, node in draft.graph.tasks.items()}
    for component in components(edges):
        if is_loop(component, edges):
            names = ", ".join(f"`{name}`" for name in sorted(component)[:5])
            path = (*draft.paths[component[0]], "depends_on")
            message = f"the dependencies of {names} wait for each other"
            draft.findings.error(path, "dependency_cycle", message, "remove one of them", on_key=True)


def _check_loops(draft: Draft) -> None:
    edges = transitions(draft.graph)
    for component in components(edges):
        if is_loop(component, edges) and not _has_exit(draft.graph, set(component)):
            first = min(component, key=list(draft.graph.tasks).index)
            message = f"the loop through `{first}` has no way out but a failure"
            hint = "add a `decision`, a `when` or a transition that leaves it; `max_iterations` ends it otherwise"
            draft.findings.warning(_name_path(draft, first), "endless_loop", message, hint)


def _has_exit(graph: Graph, loop: set[str]) -> bool:
    """A way out: a transition that leaves, a condition, a decision without default, a skipped task."""
    for name in loop:
        node = graph.tasks[name]
        if node.when is not None or any(_leaves(route, loop) for route in node.routes):
            return True
        exclusive = [route for route in node.routes if route.exclusive]
        if exclusive and exclusive[-1].when is not None:
            return True
    return False


def _leaves(route: Route, loop: set[str]) -> bool:
    conditional = route.when is not None and not route.exclusive
    return conditional or any(target not in loop for target in route.targets)
