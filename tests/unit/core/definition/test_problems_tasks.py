"""Problems in the keys of tasks: `§` stands where each is expected."""

from __future__ import annotations

import pytest

from attune_core.errors import Severity
from tests.unit.core.definition.marked import check, found, unmarked, workflow

TASKS = [
    ("missing_key", "- §action: core.noop", "name"),
    ("invalid_name", "- name: §1a", ""),
    ("invalid_name", "- name: §a-b", ""),
    ("wrong_type", "- name: §5", "quotes"),
    ("invalid_name", '- name: §""', ""),
    ("invalid_ref", '- {name: a, action: §""}', ""),
    ("unknown_task", '- {name: a, depends_on: [{task: §""}]}', ""),
    ("reserved_name", "- name: §noop", ""),
    ("reserved_name", "- name: §fail", ""),
    ("duplicate_name", "- name: a\n- name: §a", ""),
    ("unknown_key", "- {name: a, §on_sucess: b}\n- name: b", "`on_success`"),
    ("unknown_key", "- {name: a, retry: {count: 1, §backof: linear}}", "`backoff`"),
    ("unknown_key", "- {name: a, decision: [{when: 'true', §then: b, next: b}]}\n- name: b", "`when`"),
    ("unknown_value", "- {name: a, type: §paralel}", "`parallel`"),
    ("unknown_value", "- {name: a, retry: {count: 1, backoff: §exp}}", "exponential"),
    ("invalid_ref", "- {name: a, action: §echo}", ""),
    ("wrong_type", "- {name: a, action: §[core.echo]}", ""),
    ("missing_key", "- §{name: a, type: workflow}", "action: PACK.WORKFLOW"),
    ("wrong_type", "- {name: a, action: core.noop, input: §text}", ""),
    ("wrong_type", '- {name: a, action: core.noop, input: §"x {{ parameters }}"}', ""),
    ("wrong_type", "- {name: a, when: §[x]}", "quotes"),
    ("wrong_type", "- {name: a, timeout: §soon}", ""),
    ("wrong_type", '- {name: a, delay: §"0.50"}', "write 0.5"),
    ("out_of_range", "- {name: a, timeout: §0}", ""),
    ("out_of_range", "- {name: a, timeout: §99999999999}", ""),
    ("out_of_range", "- {name: a, delay: §-1}", ""),
    ("out_of_range", "- {name: a, with_items: [1], batch_size: §0}", ""),
    ("out_of_range", "- {name: a, with_items: [1], concurrency: §-1}", ""),
    ("wrong_type", "- {name: a, with_items: [1], concurrency: §true}", ""),
    ("out_of_range", "- {name: a, retry: {count: §1e9}}", "from 0"),
    ("out_of_range", "- {name: a, retry: {count: §1.5}}", ""),
    ("out_of_range", "- {name: a, retry: {count: 1, jitter: §2}}", "from 0"),
    ("out_of_range", "- {name: a, retry: {count: 1, delay: §-5}}", ""),
    ("out_of_range", "- {name: a, retry: {count: 1, max_delay: §-5}}", ""),
    ("missing_key", "- {name: a, retry: §{delay: 1}}", "count"),
    ("wrong_type", "- {name: a, retry: §3}", ""),
    ("out_of_range", "- {name: a, join: §0}", ""),
    ("wrong_type", "- {name: a, join: §every}", "join: all"),
    ("wrong_type", "- {name: a, with_items: §5}", "parameters.items"),
    ("wrong_type", "- {name: a, with_items: §text}", ""),
    ("wrong_type", "- {name: a, with_items: [1], tolerate: §{}}", "count"),
    ("wrong_type", "- {name: a, with_items: [1], tolerate: §{count: 1, percentage: 2}}", "count"),
    ("out_of_range", "- {name: a, with_items: [1], tolerate: {percentage: §101}}", ""),
    ("needs_with_items", "- {name: a, §batch_size: 5}", "with_items"),
    ("needs_with_items", "- {name: a, §tolerate: {count: 1}}", "with_items"),
    ("wrong_type", "- {name: a, on_success: §{b: 1}}\n- name: b", ""),
    ("wrong_type", "- {name: a, on_success: [b, §5]}\n- name: b", ""),
    ("duplicate_name", "- {name: a, on_success: [b, §b]}\n- name: b", "once"),
    ("unknown_task", "- {name: a, on_success: §c}\n- name: b", ""),
    ("unknown_task", "- {name: a, on_failure: [b, §bb]}\n- name: b", "`b`"),
    ("unknown_task", "- {name: a, decision: [{when: 'true', next: b}, {default: §bb}]}\n- name: b", "`b`"),
    ("unknown_task", "- {name: a, decision: [{default: b}], on_success: §bb}\n- name: b", "`b`"),
    ("unknown_task", "- {name: a, next: [{do: [b, §complet]}]}\n- name: b", "`complete`"),
    ("unknown_task", "- {name: a, depends_on: §[bb]}\n- name: b", "`b`"),
    ("wrong_type", "- {name: a, decision: §{when: x}}", ""),
    ("wrong_type", "- {name: a, decision: [§b]}\n- name: b", ""),
    ("missing_key", "- {name: a, decision: [§{next: b}]}\n- name: b", "default"),
    ("missing_key", "- {name: a, decision: [§{when: 'true'}, {default: b}]}\n- name: b", "next"),
    ("missing_key", "- {name: a, decision: [{when: 'true', next: b}, §{default: true}]}\n- name: b", "next"),
    ("decision_default", "- {name: a, decision: §[{default: b}, {default: noop}]}\n- name: b", "one"),
    ("decision_default", "- {name: a, decision: [{default: b, §when: 'true'}]}\n- name: b", ""),
    ("decision_default", "- {name: a, decision: [{default: b, §next: b}]}\n- name: b", ""),
    ("wrong_type", "- {name: a, next: §{do: b}}\n- {name: b, depends_on: [a]}", ""),
    ("wrong_type", "- {name: a, next: [§b]}\n- {name: b, depends_on: [a]}", "do: NAME"),
    ("unknown_key", "- {name: a, next: [{do: b, §wen: 'true'}]}\n- name: b", "`when`"),
    ("wrong_type", "- {name: a, publish: §x}", ""),
    ("wrong_type", "- {name: a, publish: [§x]}", ""),
    ("wrong_type", "- {name: a, publish: [§{x: 1, y: 2}]}", "one"),
    ("invalid_name", "- {name: a, publish: [{§x-y: 1}]}", ""),
    ("wrong_type", "- {name: a, depends_on: §{task: b}}\n- name: b", ""),
    ("wrong_type", "- {name: a, depends_on: [§5]}", ""),
    ("missing_key", "- {name: a, depends_on: [§{type: soft}]}", "task"),
    ("unknown_value", "- {name: a, depends_on: [{task: b, type: §sooft}]}\n- name: b", "`soft`"),
    ("duplicate_name", "- {name: a, depends_on: [b, §b]}\n- name: b", ""),
    ("missing_key", "- {name: a, type: parallel, §fail_fast: true}".replace("§", ""), "tasks"),
    ("not_for_parallel", "- {name: a, type: parallel, §action: core.noop, tasks: [{name: b}]}", "sub-tasks"),
    ("not_for_parallel", "- {name: a, type: parallel, tasks: [{name: b}], §retry: {count: 1}}", "sub-tasks"),
    ("needs_parallel", "- {name: a, §tasks: [{name: b}]}", "type: parallel"),
    ("needs_parallel", "- {name: a, §fail_fast: true}", "type: parallel"),
    ("transition_in_parallel", "- {name: a, type: parallel, tasks: [{name: b, §on_success: c}, {name: c}]}", "block"),
    ("transition_in_parallel", "- {name: a, type: parallel, tasks: [{name: b, §depends_on: [c]}, {name: c}]}", "block"),
    (
        "transition_into_block",
        "- {name: x, on_success: §b}\n- {name: a, type: parallel, tasks: [{name: b}]}",
        "`a`",
    ),
    ("duplicate_name", "- {name: a, type: parallel, tasks: [{name: b}]}\n- name: §b", ""),
    ("wrong_type", "- {name: a, type: parallel, tasks: [{name: b}], fail_fast: §yes}", "YAML 1.2"),
    ("missing_key", "- {name: a, compensate: §{input: {}}}", "action"),
    ("unknown_key", "- {name: a, compensate: {action: core.noop, §inptu: {}}}", "`input`"),
]


@pytest.mark.parametrize(("code", "tasks", "hint"), TASKS)
def test_error_in_a_task(code: str, tasks: str, hint: str | None) -> None:
    if tasks.count("§") != 1:
        assert found(check(workflow(tasks.replace("§", ""))), Severity.ERROR, code)
        return
    plain, line, column = unmarked(workflow(tasks))
    ((found_line, found_column, found_hint),) = found(check(plain), Severity.ERROR, code)
    assert (found_line, found_column) == (line, column)
    assert (hint or "") in found_hint
