"""What each key becomes: nodes, routes, policies, starts, sources, dependents."""

from __future__ import annotations

import time
from textwrap import dedent

import pytest

from attune_core.definition.check import check_workflow
from attune_core.definition.compile import adjacency, compile_graph
from attune_core.definition.graph import (
    Backoff,
    CancellationPolicy,
    Dependency,
    DependencyType,
    Graph,
    OnUnhandledFailure,
    Route,
    RouteOn,
    TaskKind,
    TaskNode,
)
from attune_core.definition.parse import parse_definition, parse_workflow
from attune_core.errors import DefinitionError
from attune_core.expressions.scope import Scope
from tests.unit.core.definition.marked import workflow

S, F, T, K = RouteOn.SUCCEEDED, RouteOn.FAILED, RouteOn.TIMED_OUT, RouteOn.SKIPPED


def graph(tasks: str, head: str = "") -> Graph:
    return parse_workflow(workflow(tasks, head), "w.yaml").graph


def task(keys: str, *others: str) -> TaskNode:
    """Task `a` with these keys, beside other tasks."""
    rest = "".join(f"\n- name: {name}" for name in others)
    return graph(f"- {{name: a, {keys}}}{rest}").tasks["a"]


def summary(route: Route) -> tuple[set[RouteOn], tuple[str, ...], str, bool, bool]:
    return set(route.on), route.targets, route.label, route.when is not None, route.exclusive


@pytest.mark.parametrize(
    ("keys", "routes"),
    [
        ("on_success: b", [({S}, ("b",), "on_success", False, False)]),
        ("on_success: [b, c]", [({S}, ("b", "c"), "on_success", False, False)]),
        ("on_failure: b", [({F, T}, ("b",), "on_failure", False, False)]),
        (
            "on_failure: b, on_timeout: c",
            [({F}, ("b",), "on_failure", False, False), ({T}, ("c",), "on_timeout", False, False)],
        ),
        ("on_complete: [fail]", [({S, F, T}, ("fail",), "on_complete", False, False)]),
        ("on_skip: b", [({K}, ("b",), "on_skip", False, False)]),
        ("on_success: null, on_skip: []", []),
        (
            "decision: [{when: 'true', next: b}, {default: c}], on_success: b",
            [({S}, ("b",), "decision[0]", True, True), ({S}, ("c",), "decision[1]", False, True)],
        ),
        (
            "decision: [{default: true, next: c}, {when: 'true', next: [b, noop]}]",
            [({S}, ("b", "noop"), "decision[1]", True, True), ({S}, ("c",), "decision[0]", False, True)],
        ),
        (
            "decision: [{when: 'true', next: b}], on_success: c, on_failure: fail",
            [
                ({S}, ("b",), "decision[0]", True, True),
                ({S}, ("c",), "on_success", False, True),
                ({F, T}, ("fail",), "on_failure", False, False),
            ],
        ),
        ("decision: [{when: 'true', next: b}]", [({S}, ("b",), "decision[0]", True, True)]),
        (
            "next: [{do: b}, {when: 'failed()', do: [c, fail]}, {publish: {x: 1}}]",
            [
                ({S, F, T}, ("b",), "next[0]", False, False),
                ({S, F, T}, ("c", "fail"), "next[1]", True, False),
                ({S, F, T}, (), "next[2]", False, False),
            ],
        ),
    ],
)
def test_transitions_become_routes(keys: str, routes: list[object]) -> None:
    assert [summary(route) for route in task(keys, "b", "c").routes] == routes


@pytest.mark.parametrize("publish", ["[{x: 1}, {y: '{{ vars.x }}'}]", "{x: 1, y: '{{ vars.x }}'}"])
@pytest.mark.parametrize("key", ["publish: {}", "next: [{{publish: {}}}]"])
def test_publish_is_a_list_or_a_map(key: str, publish: str) -> None:
    node = task(key.format(publish))
    published = node.publish or node.routes[0].publish
    assert [one.name for one in published] == ["x", "y"]
    assert published[1].value.render(Scope(vars={"x": 7})) == 7


def test_the_order_of_a_publish_map_is_stored_as_a_list() -> None:
    """JSON objects in a database keep no order, and a later variable may read an earlier one."""
    parsed = parse_workflow(workflow("- {name: a, publish: {z: 1, b: 2}, next: [{publish: {y: 1, a: 2}}]}"), "w.yaml")
    stored = parsed.definition["tasks"][0]
    assert stored["publish"] == [{"z": 1}, {"b": 2}]
    assert stored["next"] == [{"publish": [{"y": 1}, {"a": 2}]}]
    assert [one.name for one in compile_graph(parsed.definition).tasks["a"].publish] == ["z", "b"]


@pytest.mark.parametrize(
    ("keys", "kind", "action"),
    [
        ("when: 'true'", TaskKind.NOOP, None),
        ("with_items: [1]", TaskKind.NOOP, None),
        ("action: core.noop", TaskKind.ACTION, "core.noop"),
        ("type: action, action: core.echo", TaskKind.ACTION, "core.echo"),
        ("type: workflow, action: other.deploy", TaskKind.ACTION, "other.deploy"),
        ("type: parallel, tasks: [{name: b}]", TaskKind.PARALLEL, None),
    ],
)
def test_kind(keys: str, kind: TaskKind, action: str | None) -> None:
    node = task(keys)
    assert (node.kind, node.action) == (kind, action)


def test_retry() -> None:
    retry = task(
        "action: a.b, retry: {count: 5, delay: 10, backoff: exponential, max_delay: 60, jitter: 0.1, "
        "on_error: \"{{ error.type == 'timeout' }}\"}"
    ).retry
    assert retry is not None
    assert (retry.count, retry.backoff, retry.max_delay, retry.jitter) == (5, Backoff.EXPONENTIAL, 60.0, 0.1)
    assert retry.delay.render(Scope()) == 10
    assert retry.on_error is not None
    assert retry.on_error.test(Scope(error={"type": "timeout"}))


def test_retry_with_defaults() -> None:
    retry = task("action: a.b, retry: {count: 2}").retry
    assert retry is not None
    assert (retry.count, retry.backoff, retry.max_delay, retry.jitter, retry.on_error) == (
        2, Backoff.CONSTANT, None, 0.0, None,
    )  # fmt: skip
    assert retry.delay.render(Scope()) == 0


def test_iteration() -> None:
    node = task(
        "action: a.b, with_items: '{{ vars.x }}', batch_size: 10, concurrency: '{{ 2 + 3 }}', "
        "tolerate: {percentage: 2.5}, on_item_failure: continue, publish: [{x: 1}], input: {i: '{{ item }}'}"
    )
    iteration = node.iteration
    assert iteration is not None
    assert iteration.items.render(Scope(vars={"x": [1, 2]})) == [1, 2]
    assert iteration.concurrency is not None
    assert iteration.concurrency.render(Scope()) == 5
    assert (iteration.batch_size, iteration.tolerate_count, iteration.tolerate_percentage) == (10, None, 2.5)
    assert iteration.continue_on_failure
    assert not iteration.when_per_item


@pytest.mark.parametrize(
    ("when", "per_item"),
    [("item > 1", True), ("{{ index != 0 }}", True), ("{{ parameters }}", False), ("true", False)],
)
def test_when_per_item(when: str, per_item: bool) -> None:
    iteration = task(f"with_items: [1], when: '{when}'").iteration
    assert iteration is not None
    assert iteration.when_per_item is per_item


@pytest.mark.parametrize("items", ["[1, 2]", "{k: 1}", "'{{ [1, 2] }}'"])
def test_items_may_be_written_out(items: str) -> None:
    assert task(f"with_items: {items}").iteration is not None


def test_input_is_a_map_or_one_template() -> None:
    node = task("action: a.b, input: {x: [1, '{{ 1 + 1 }}'], y: {z: null}}")
    assert node.input is not None
    assert node.input.render(Scope()) == {"x": [1, 2], "y": {"z": None}}
    node = task("action: a.b, input: '{{ parameters }}'")
    assert node.input is not None
    assert node.input.render(Scope(parameters={"p": 1})) == {"p": 1}
    assert task("action: a.b").input is None


def test_times_are_numbers_or_templates() -> None:
    node = task("action: a.b, timeout: '{{ 3 * 2 }}', delay: 0.5, pool: gpu")
    assert node.timeout is not None
    assert node.delay is not None
    assert (node.timeout.render(Scope()), node.delay.render(Scope()), node.pool) == (6, 0.5, "gpu")


def test_joins_sources_and_starts() -> None:
    built = graph(
        """\
        - {name: a, on_success: [c, d]}
        - {name: b, on_complete: c, on_failure: c, next: [{when: 'failed()', do: c}]}
        - {name: c, join: all}
        - {name: d, join: 1, on_success: d}
        - {name: e, depends_on: [c, {task: d, type: soft}]}
        - {name: f, depends_on: c}
        """
    )
    assert built.start == ("a", "b")
    assert built.tasks["c"].sources == ("a", "b")
    assert (built.tasks["c"].join, built.tasks["d"].join, built.tasks["a"].join) == ("all", 1, None)
    assert built.tasks["d"].sources == ("a", "d")
    assert built.tasks["e"].depends_on == (Dependency("c"), Dependency("d", DependencyType.SOFT))
    assert built.dependents == {"c": ("e", "f"), "d": ("e",)}


def test_parallel_block() -> None:
    built = graph(
        """\
        - name: block
          type: parallel
          fail_fast: true
          tasks:
            - {name: x, action: a.b, retry: {count: 1}, timeout: 5}
            - {name: y, with_items: [1], when: "item"}
            - {name: inner, type: parallel, tasks: [{name: z}]}
          publish: [{done: "{{ result.x }}"}]
          on_success: after
        - name: after
        """
    )
    block = built.tasks["block"]
    assert (block.kind, block.children, block.fail_fast) == (TaskKind.PARALLEL, ("x", "y", "inner"), True)
    assert [built.tasks[name].block for name in ("x", "y", "inner", "z", "after")] == [
        "block", "block", "block", "inner", None,
    ]  # fmt: skip
    assert built.start == ("block",)
    assert list(built.tasks) == ["block", "x", "y", "inner", "z", "after"]
    assert adjacency(built)["block"] == [
        {"to": "after", "on": "on_success"},
        {"to": "x", "on": "contains"},
        {"to": "y", "on": "contains"},
        {"to": "inner", "on": "contains"},
    ]


def test_the_whole_workflow() -> None:
    text = """\
    ref: a.b
    label: A label
    description: What it does
    version: 2.1.0-rc.1
    tags: [x, y]
    parameters: {n: {type: integer, default: 3}}
    output: {type: object, properties: {r: {type: integer}}, required: [r]}
    vars: {z: "{{ vars.y + 1 }}", y: "{{ parameters.n }}"}
    tasks: [{name: t}]
    output_map: {r: "{{ vars.z }}"}
    timeout: 60
    on_unhandled_failure: continue
    cancellation_policy: allow_finish
    max_iterations: 50
    """
    parsed = parse_workflow(dedent(text), "w.yaml")
    assert (parsed.ref, parsed.label, parsed.version, parsed.tags) == ("a.b", "A label", "2.1.0-rc.1", ("x", "y"))
    assert parsed.description == "What it does"
    assert parsed.output_schema == parsed.definition["output"]
    built = compile_graph(parsed.definition)
    assert list(built.vars) == ["y", "z"]
    assert (built.timeout, built.max_iterations) == (60.0, 50)
    assert built.on_unhandled_failure is OnUnhandledFailure.CONTINUE
    assert built.cancellation_policy is CancellationPolicy.ALLOW_FINISH
    assert built.output_map is not None
    assert built.output_map.render(Scope(vars={"z": 4})) == {"r": 4}
    assert built.parameters_schema == parsed.parameters_schema


def test_defaults_of_a_workflow() -> None:
    parsed = parse_workflow("ref: a.b\ntasks: [{name: t}]\n", "w.yaml")
    assert (parsed.label, parsed.description, parsed.version, parsed.tags) == ("a.b", "", "1.0.0", ())
    assert parsed.parameters_schema is None
    assert parsed.graph.max_iterations == 10_000
    assert parsed.graph.on_unhandled_failure is OnUnhandledFailure.STOP
    assert parsed.graph.timeout is None


def test_the_digest_is_of_the_meaning_not_of_the_text() -> None:
    first = parse_workflow("ref: a.b\nlabel: x\ntasks: [{name: t, when: 'true'}]\n", "w.yaml")
    second = parse_workflow("# comment\nref: a.b\nlabel: 'x'\ntasks:\n- name: t\n  when: 'true'\n", "v.yaml")
    third = parse_workflow("ref: a.b\nlabel: y\ntasks: [{name: t, when: 'true'}]\n", "w.yaml")
    assert first.digest == second.digest != third.digest
    assert len(first.digest) == 64


def test_the_digest_counts_the_order_in_which_a_map_is_walked() -> None:
    first = parse_workflow("ref: a.b\ntasks: [{name: t, with_items: {x: 1, y: 2}}]\n", "w.yaml")
    second = parse_workflow("ref: a.b\ntasks: [{name: t, with_items: {y: 2, x: 1}}]\n", "w.yaml")
    assert first.digest != second.digest


def test_a_stored_definition_that_is_wrong_is_an_error_without_lines() -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_graph({"ref": "a.b", "tasks": [{"name": "a", "timeout": 0}]})
    (problem,) = caught.value.problems
    assert (problem.line, problem.path, problem.code) == (0, "tasks[0].timeout", "out_of_range")


def test_a_definition_that_came_as_json() -> None:
    parsed = parse_definition({"ref": "a.b", "tasks": [{"name": "a", "publish": {"x": 1}}]})
    assert parsed.graph.tasks["a"].publish[0].name == "x"
    with pytest.raises(DefinitionError) as caught:
        parse_definition({"ref": "a.b", "tasks": [{"name": "a", "on_success": "b"}]}, file="body")
    assert [(problem.file, problem.path) for problem in caught.value.problems] == [("body", "tasks[0].on_success")]


def large(count: int) -> str:
    tasks = "".join(
        f'- name: t{n}\n  action: core.echo\n  input: {{message: "{{{{ parameters.x }}}} {n}"}}\n'
        f'  publish: [{{v{n}: "{{{{ result.y{n} }}}}"}}]\n  on_success: t{n + 1}\n  on_failure: end\n'
        for n in range(count)
    )
    return f"ref: a.b\nparameters: {{x: {{type: string}}}}\ntasks:\n{tasks}- name: t{count}\n- {{name: end, join: 1}}\n"


def test_five_hundred_tasks_compile_fast() -> None:
    parsed = parse_workflow(large(500), "w.yaml")
    started = time.process_time()
    compile_graph(parsed.definition)
    assert time.process_time() - started < 1


def test_many_tasks_in_a_row_are_checked() -> None:
    started = time.process_time()
    assert check_workflow(large(600), "w.yaml") == []
    assert time.process_time() - started < 5
