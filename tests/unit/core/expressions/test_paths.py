"""Names and paths: data only, and a missing name is an error that says which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from attune_core.expressions.scope import FactsMissing
from tests.unit.core.expressions.rendering import evaluated, failure, refusal, rendered

TASKS = {
    "done": {"status": "completed", "result": {"items": [1], "keys": "k", "get": {"values": 2}}, "error": None},
    "waits": {"status": "pending", "result": None, "error": None},
}


@pytest.mark.parametrize("key", ["items", "keys", "values", "get", "pop", "copy", "update", "format", "count", "index"])
def test_a_key_wins_over_a_method(key: str) -> None:
    assert rendered("{{ vars." + key + " }}", vars={key: 1}) == 1
    assert rendered("{{ vars.x." + key + " }}", vars={"x": {key: 1}}) == 1
    assert failure("{{ vars.x." + key + " }}", vars={"x": {}}).code == "undefined_name"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("vars.a.b[0].c", 5),
        ("vars['a']['b'][0]['c']", 5),
        ("vars.a.b.0.c", 5),
        ("vars.a.b[-1].c", 5),
        ("vars.a[vars.key][0].c", 5),
        ("vars['with space']", 1),
        ("vars['_id']", 9),
        ("vars.text[1]", "e"),
        ("(vars.a).b[0].c", 5),
        ("vars.a.b[0:1][0].c", 5),
    ],
)
def test_paths(expression: str, value: Any) -> None:
    data = {"a": {"b": [{"c": 5}]}, "key": "b", "with space": 1, "_id": 9, "text": "hello"}
    assert rendered("{{ " + expression + " }}", vars=data) == value


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("vars.nope", "`vars` has no 'nope'"),
        ("vars.a.nope", "`vars.a` has no 'nope'"),
        ("vars.a.a.nope", "`vars.a.a` has no 'nope'"),
        ("vars.a['nope'].x", "`vars.a` has no 'nope'"),
        ("vars.n.x", "`vars.n` is null, so it has no 'x'"),
        ("vars.l.x", "`vars.l` is a list, it has no 'x'"),
        ("vars.l[5]", "`vars.l` is a list, it has no 5"),
        ("vars.t.upper", "`vars.t` is a text, it has no 'upper'"),
        ("vars.i.real", "`vars.i` is a number, it has no 'real'"),
        ("vars.a[vars.t]", "`vars.a` has no 'text'"),
        ("vars.a[0]", "`vars.a` has no 0"),
        ("vars.l[true]", "has no True"),
        ("parameters.nope", "`parameters` has no 'nope'"),
        ("pack.config.nope", "`pack.config` has no 'nope'"),
        ("task.done.result.nope", "`task.done.result` has no 'nope'"),
    ],
)
def test_a_missing_name_is_an_error_that_names_it(expression: str, named: str) -> None:
    data = {"a": {"a": {}}, "n": None, "l": [1], "t": "text", "i": 3}
    error = failure("{{ " + expression + " }}", vars=data, tasks=TASKS)
    assert error.code == "undefined_name"
    assert named in error.message
    assert expression in error.message
    assert error.expression == "{{ " + expression + " }}"


def test_the_hint_names_the_closest_key() -> None:
    assert failure("{{ vars.regoin }}", vars={"region": 1}).hint == "did you mean `region`?"


def test_an_attribute_of_a_task_that_did_not_run_is_null() -> None:
    for path in ("result", "result.a", "result.a.b[0]", "result['a']", "error.type", "items", "items[0].status"):
        assert rendered("{{ task.waits." + path + " }}", tasks=TASKS) is None
    assert rendered("{{ task.waits.status }}", tasks=TASKS) == "pending"
    assert rendered("{{ task.done.error.type == 'timeout' }}", tasks=TASKS) is False


def test_null_is_lenient_only_below_a_task() -> None:
    tasks = {"t": {"result": {"a": None}}}
    assert failure("{{ task.t.result.a.b }}", tasks=tasks).code == "undefined_name"
    assert failure("{{ vars.n.a }}", vars={"n": None}).code == "undefined_name"
    assert failure("{{ result.a }}", result=None).code == "undefined_name"


def test_default_catches_an_unknown_task() -> None:
    assert rendered("{{ task.nobody.status | default('unknown') }}", tasks=TASKS) == "unknown"
    assert rendered("{{ task.nobody is defined }}", tasks=TASKS) is False


def test_an_unknown_task_is_named() -> None:
    error = failure("{{ task.don.result }}", tasks=TASKS)
    assert (error.code, error.hint) == ("unknown_task", "did you mean `done`?")
    assert "`task.don`" in error.message
    assert failure("{{ task[vars.x].result }}", tasks=TASKS, vars={"x": [1]}).code == "unknown_task"


def test_the_result_of_a_task_is_data() -> None:
    assert rendered("{{ task.done.result.items }}", tasks=TASKS) == [1]
    assert rendered("{{ task.done.result.get.values }}", tasks=TASKS) == 2
    assert rendered("{{ task['done'].result.keys }}", tasks=TASKS) == "k"
    assert rendered("{{ task[vars.which].status }}", tasks=TASKS, vars={"which": "done"}) == "completed"
    assert rendered("{{ task.done }}", tasks=TASKS) == TASKS["done"]


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("app_name", "parameters.app_name"),
        ("parametrs.x", "did you mean `parameters`?"),
        ("succeeded", "succeeded()"),
        ("kv.some_key", "kv.get"),
        ("pack.conf", "pack.config"),
        ("system.identidy", "did you mean `identity`?"),
        ("task.x.reslt", "did you mean `result`?"),
        ("task.x.output", "task.NAME.result"),
        ("task", "task.NAME"),
        ("loop.index", "loop"),
    ],
)
def test_unknown_names_are_refused_when_compiling(expression: str, hint: str) -> None:
    error = refusal("{{ " + expression + " }}")
    assert error.code in ("unknown_name", "forbidden_expression")
    assert hint in error.hint


class Lazy(Mapping[str, Any]):
    """Facts that are not all there yet."""

    def __getitem__(self, key: str) -> Any:
        if key == "fetched":
            return {"status": "completed", "result": 1}
        raise FactsMissing(kv=frozenset({key}))

    def __iter__(self) -> Iterator[str]:
        return iter(["fetched", "missing"])

    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize(
    "source",
    [
        "{{ task.missing.result }}",
        "{{ task.missing.result | default(1) }}",
        "{{ task.missing.result is defined }}",
        "{{ [task.missing] | map(attribute='a', default=1) }}",
        "a {% if task.missing.result %}b{% endif %}",
        "{{ kv.get('missing', default=1) }}",
        "{{ kv.get('missing') | default(1) }}",
        {"deep": ["{{ failed('missing') }}"]},
    ],
)
def test_missing_facts_pass_through_untouched(source: Any) -> None:
    with pytest.raises(FactsMissing) as caught:
        rendered(source, tasks=Lazy())
    assert caught.value.kv == {"missing"}


def test_lazy_maps_do_not_leave_the_expression() -> None:
    assert type(rendered("{{ task.fetched }}", tasks=Lazy())) is dict


def test_default_and_defined_catch_what_is_missing() -> None:
    assert evaluated("vars.nope | default('x')") == "x"
    assert evaluated("vars.nope.deeper[3] | default('x')") == "x"
    assert evaluated("vars.n.x | d('x')", n=None) == "x"
    assert evaluated("vars.nope | default") == ""
    assert evaluated("vars.n | default('x')", n=None) is None
    assert evaluated("vars.n | default('x', true)", n=None) == "x"
    assert evaluated("vars.n | default('x', boolean=true)", n=0) == "x"
    assert evaluated("vars.nope is defined") is False
    assert evaluated("vars.nope is undefined") is True
    assert evaluated("vars.n is defined", n=None) is True
    assert evaluated("vars.nope is not defined") is True


def test_default_does_not_catch_other_errors() -> None:
    assert failure("{{ (1 / 0) | default(1) }}").code == "wrong_value"
