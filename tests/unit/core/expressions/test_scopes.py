"""What stands behind each name of the language."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.expressions.render import ExpressionError, compile_value
from attune_core.expressions.scope import MISSING
from tests.unit.core.expressions.rendering import failure, refusal, rendered

STATUSES = {
    "ok": {"status": "completed"},
    "bad": {"status": "failed"},
    "late": {"status": "timeout"},
    "not_needed": {"status": "skipped"},
    "waits": {"status": "pending"},
    "stopped": {"status": "cancelled"},
}
STORE = {"flag": True, "empty": None}


def stored(key: str) -> Any:
    return STORE.get(key, MISSING)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("vars.a", 1),
        ("parameters.a", 2),
        ("pack.config.a", 3),
        ("pack.config", {"a": 3}),
        ("system.workflow", "p.w"),
        ("system.identity.login", "ada"),
        ("system.timestamp", "2026-01-01T00:00:00Z"),
        ("now()", "2026-01-01T00:00:00Z"),
        ("item.n", 5),
        ("index", 6),
        ("result.r", 7),
        ("error.type", "timeout"),
        ("event.payload.x", 8),
        ("vars", {"a": 1}),
        ("parameters", {"a": 2}),
        ("event", {"payload": {"x": 8}}),
    ],
)
def test_scopes(expression: str, value: Any) -> None:
    given = rendered(
        "{{ " + expression + " }}",
        vars={"a": 1},
        parameters={"a": 2},
        pack_config={"a": 3},
        system={"workflow": "p.w", "identity": {"login": "ada"}},
        item={"n": 5},
        index=6,
        result={"r": 7},
        error={"type": "timeout"},
        now="2026-01-01T00:00:00Z",
        extra={"event": {"payload": {"x": 8}}},
    )
    assert given == value


@pytest.mark.parametrize("name", ["item", "index", "result", "error"])
def test_a_name_without_a_place_is_missing_and_null_is_a_value(name: str) -> None:
    error = failure("{{ " + name + " }}")
    assert error.code == "undefined_name"
    assert f"`{name}` has a value only" in error.message
    assert rendered("{{ " + name + " | default(3) }}") == 3
    assert rendered("{{ " + name + " }}", **{name: None}) is None


def test_an_extra_name_is_known_only_where_it_was_announced() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_value("{{ event.id }}")
    assert caught.value.code == "unknown_name"
    assert failure("{{ event.id }}").code == "undefined_name"


@pytest.mark.parametrize(
    ("call", "true_for"),
    [
        ("succeeded", {"ok"}),
        ("failed", {"bad"}),
        ("timed_out", {"late"}),
        ("skipped", {"not_needed"}),
        ("completed", {"ok", "bad", "late"}),
    ],
)
def test_outcomes_of_named_tasks(call: str, true_for: set[str]) -> None:
    found = {name for name in STATUSES if rendered("{{ " + f"{call}('{name}')" + " }}", tasks=STATUSES)}
    assert found == true_for


@pytest.mark.parametrize(
    ("outcome", "true"),
    [
        ("succeeded", {"succeeded", "completed"}),
        ("failed", {"failed", "completed"}),
        ("timed_out", {"timed_out", "completed"}),
        ("skipped", {"skipped"}),
        ("cancelled", set()),
    ],
)
def test_the_outcome_of_the_task_itself(outcome: str, true: set[str]) -> None:
    calls = ("succeeded", "failed", "timed_out", "skipped", "completed")
    assert {call for call in calls if rendered("{{ " + call + "() }}", outcome=outcome)} == true


def test_outcomes_need_a_task() -> None:
    assert failure("{{ succeeded() }}").code == "undefined_name"
    assert failure("{{ succeeded('nobody') }}", tasks=STATUSES).code == "unknown_task"


def test_the_datastore() -> None:
    assert rendered("{{ kv.get('flag') }}", kv=stored) is True
    assert rendered("{{ kv.get('empty', default=1) }}", kv=stored) is None
    assert rendered("{{ kv.get('nope', default=false) }}", kv=stored) is False
    assert rendered("{{ kv.get('nope', 4) }}", kv=stored) == 4
    assert rendered("{{ kv.get('nope') | default(5) }}", kv=stored) == 5
    assert rendered("{{ kv.get('fl' ~ 'ag') }}", kv=stored) is True
    error = failure("{{ kv.get('nope') }}", kv=stored)
    assert (error.code, "kv.get('nope')" in error.message) == ("undefined_name", True)
    assert failure("{{ kv.get(5) }}", kv=stored).code == "wrong_type"


@pytest.mark.parametrize(
    "call",
    [
        "now(1)",
        "succeeded(1, 2)",
        "succeeded(task='x')",
        "kv.get()",
        "kv.get('a', 1, 2)",
        "kv.get('a', other=1)",
        "kv.get('a', 1, default=2)",
        "kv.get_secret()",
        "range()",
        "range(1, 2, 3, 4)",
        "kv.get(*vars.a)",
        "kv.get('a', **vars.a)",
    ],
)
def test_wrong_arguments_are_refused_when_compiling(call: str) -> None:
    assert refusal("{{ " + call + " }}").code in ("wrong_arguments", "forbidden_expression")


def test_range() -> None:
    assert rendered("{{ range(3) }}") == [0, 1, 2]
    assert rendered("{{ range(5, 0, -2) }}") == [5, 3, 1]
    assert failure("{{ range('3') }}").code == "wrong_type"
    assert failure("{{ range(1, 2, 0) }}").code == "wrong_value"
