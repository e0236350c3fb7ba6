"""Criteria against events: every operator, groups, expressions, and odd data that never raises."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_core.expressions.render import ExpressionError
from attune_core.expressions.secrets import Secret
from attune_core.rules.criteria import read_criteria
from attune_core.rules.match import match, render_parameters

EVENT: dict[str, Any] = {
    "id": 7,
    "trigger": "github.push",
    "created": "2026-05-01T12:00:00Z",
    "payload": {
        "branch": "main",
        "size": 3,
        "ratio": 0.5,
        "forced": True,
        "nothing": None,
        "tags": ["a", "b", {"k": 1}],
        "at": "2026-05-01T11:59:00+00:00",
        "commits": [{"author": "ann", "files": 2}, {"author": "bob", "files": 9}],
        "head": {"items": 5, "odd-key": "x", "a.b": "dotted"},
        "5": "five",
    },
}


def one(path: str, operator: str, value: Any = None) -> bool:
    return match({"all": [{"path": path, "operator": operator, "value": value}]}, EVENT).matched


@pytest.mark.parametrize(
    ("path", "operator", "value", "holds"),
    [
        ("event.payload.branch", "equals", "main", True),
        ("event.payload.branch", "eq", "Main", False),
        ("event.payload.branch", "iequals", "MAIN", True),
        ("event.payload.branch", "ieq", "dev", False),
        ("event.payload.branch", "nequals", "dev", True),
        ("event.payload.branch", "neq", "main", False),
        ("event.payload.branch", "inequals", "MAIN", False),
        ("event.payload.size", "equals", 3.0, True),
        ("event.payload.size", "equals", "3", False),
        ("event.payload.forced", "equals", True, True),
        ("event.payload.forced", "equals", 1, False),
        ("event.payload.nothing", "equals", None, True),
        ("event.payload.tags", "equals", ["a", "b", {"k": 1.0}], True),
        ("event.payload.tags", "equals", ["a", "b", {"k": True}], False),
        ("event.payload.branch", "contains", "ai", True),
        ("event.payload.branch", "icontains", "AI", True),
        ("event.payload.branch", "ncontains", "x", True),
        ("event.payload.branch", "incontains", "AI", False),
        ("event.payload.tags", "contains", "a", True),
        ("event.payload.tags", "contains", {"k": 1}, True),
        ("event.payload.tags", "icontains", "B", True),
        ("event.payload.head", "contains", "items", True),
        ("event.payload.branch", "startswith", "ma", True),
        ("event.payload.branch", "istartswith", "MA", True),
        ("event.payload.branch", "endswith", "in", True),
        ("event.payload.branch", "iendswith", "IN", True),
        ("event.payload.branch", "endswith", "IN", False),
        ("event.payload.size", "lessthan", 4, True),
        ("event.payload.size", "lt", 3, False),
        ("event.payload.ratio", "greaterthan", 0, True),
        ("event.payload.branch", "gt", "dev", True),
        ("event.payload.size", "gt", "2", False),
        ("event.payload.branch", "inside", ["main", "dev"], True),
        ("event.payload.branch", "in", "the main road", True),
        ("event.payload.branch", "ninside", ["dev"], True),
        ("event.payload.branch", "nin", ["main"], False),
        ("event.payload.branch", "exists", None, True),
        ("event.payload.nothing", "exists", None, False),
        ("event.payload.missing", "nexists", None, True),
        ("event.payload.branch", "matchwildcard", "m??n", True),
        ("event.payload.branch", "matchwildcard", "*i", False),
        ("event.payload.branch", "matchwildcard", "[lm]ain", True),
        ("event.payload.branch", "matchwildcard", "[!m]*", False),
        ("event.payload.branch", "regex", "^m.*n$", True),
        ("event.payload.branch", "regex", "^M", False),
        ("event.payload.branch", "iregex", "^M", True),
        ("event.payload.at", "timediff_lt", 61, True),
        ("event.payload.at", "timediff_lt", 60, False),
        ("event.payload.at", "td_gt", 59, True),
        ("event.payload.missing", "equals", None, False),
        ("event.payload.missing", "nequals", "x", True),
        ("event.payload.missing", "ncontains", "x", True),
        ("event.payload.missing", "contains", "x", False),
        # paths
        ("trigger.payload.branch", "equals", "main", True),
        ("payload.branch", "equals", "main", True),
        ("branch", "equals", "main", True),
        ("commits[1].author", "equals", "bob", True),
        ("commits[2].author", "equals", "bob", False),
        ("commits.1.author", "equals", "bob", False),
        ("head.items", "equals", 5, True),
        ("head['odd-key']", "equals", "x", True),
        ("head.odd-key", "equals", "x", True),
        ('head["a.b"]', "equals", "dotted", True),
        ("event.trigger", "equals", "github.push", True),
        ("event.id", "equals", 7, True),
        ("branch.__class__", "exists", None, False),
        # templates in the value
        ("branch", "equals", "{{ event.payload.commits[0].author | replace('ann', 'main') }}", True),
        ("branch", "equals", "{{ event.payload.nope }}", False),
    ],
)
def test_operator(path: str, operator: str, value: Any, holds: bool) -> None:
    assert one(path, operator, value) is holds


AUTHOR = {"path": "item.author", "operator": "equals", "value": "bob"}


@pytest.mark.parametrize(
    ("condition", "inner", "holds"),
    [
        ("any", AUTHOR, True),
        ("all", AUTHOR, False),
        ("any", {"all": [AUTHOR, {"path": "files", "operator": "gt", "value": 5}]}, True),
        ("any", {"all": [AUTHOR, {"path": "files", "operator": "lt", "value": 5}]}, False),
        ("all", {"path": "item.files", "operator": "gt", "value": 1}, True),
    ],
)
def test_search(condition: str, inner: Any, holds: bool) -> None:
    criteria = {"path": "commits", "operator": "search", "condition": condition, "value": inner}
    assert match(criteria, EVENT).matched is holds


MAIN = {"path": "branch", "operator": "equals", "value": "main"}
DEV = {"path": "branch", "operator": "equals", "value": "dev"}


@pytest.mark.parametrize(
    ("criteria", "holds"),
    [
        (None, True),
        ({}, True),
        ([MAIN], True),
        ([MAIN, DEV], False),
        (MAIN, True),
        ({"all": [MAIN, {"any": [DEV, MAIN]}]}, True),
        ({"any": [DEV, {"not": DEV}]}, True),
        ({"any": [DEV]}, False),
        ({"not": {"all": [MAIN, {"not": [DEV]}]}}, False),
        ({"when": "{{ event.payload.size > 2 and trigger.payload.branch == 'main' }}"}, True),
        ({"when": "event.payload.size > 5"}, False),
        ({"when": False}, False),
    ],
)
def test_groups(criteria: Any, holds: bool) -> None:
    assert match(criteria, EVENT).matched is holds
    assert bool(match(criteria, EVENT)) is holds


@pytest.mark.parametrize(
    ("criteria", "reason"),
    [
        ([MAIN, DEV], '`branch` equals "dev" does not hold: it is "main"'),
        ([{"path": "x", "operator": "equals", "value": 1}], "`x` equals 1 does not hold: it does not exist"),
        ({"any": [DEV, {"path": "y", "operator": "exists"}]}, "none holds: `branch` equals"),
        ({"not": MAIN}, 'not: `branch` equals "main" holds'),
        ([MAIN], "the criterion holds"),
        ([MAIN, MAIN], "all 2 criteria hold"),
        ([{"path": "size", "operator": "startswith", "value": "x"}], "could not be tested: what was found is a number"),
        ([{"path": "size", "operator": "timediff_lt", "value": 3}], "does not hold"),
        ([{"path": "branch", "operator": "timediff_lt", "value": 3}], "could not be tested: not a time"),
        ({"when": "event.payload.nope"}, "could not be tested"),
        ({"when": "kv.get('x')"}, "the datastore cannot be read in a rule"),
        ({"path": "branch", "operator": "nosuch"}, "the criteria cannot be read"),
        (None, "the rule has no criteria"),
    ],
)
def test_the_reason_says_what_was_found(criteria: Any, reason: str) -> None:
    assert reason in match(criteria, EVENT).reason


UNTESTED = {"path": "size", "operator": "regex", "value": "3"}
BOTH_KINDS = {"path": "tags", "operator": "search", "value": {"path": "item", "operator": "regex", "value": "^b$"}}


@pytest.mark.parametrize(
    ("criteria", "holds"),
    [
        ({"not": UNTESTED}, False),
        ({"not": {"not": UNTESTED}}, False),
        ({"not": {"any": [DEV, UNTESTED]}}, False),
        ({"not": {"all": [MAIN, UNTESTED]}}, False),
        ({"not": {"all": [UNTESTED, DEV]}}, True),
        ({"any": [UNTESTED, MAIN]}, True),
        ({"not": {"when": "event.payload.nope"}}, False),
        ({"not": {**BOTH_KINDS, "condition": "all"}}, True),
        (BOTH_KINDS, True),
        ({"not": {**BOTH_KINDS, "value": {"path": "item", "operator": "regex", "value": "^z$"}}}, False),
        ({"not": {"path": "nowhere", "operator": "equals", "value": 1}}, True),
    ],
)
def test_what_cannot_be_tested_holds_nowhere(criteria: Any, holds: bool) -> None:
    assert match(criteria, EVENT).matched is holds


def test_now_is_given() -> None:
    criteria = {"path": "event.created", "operator": "timediff_gt", "value": 3_599}
    assert match(criteria, EVENT, now="2026-05-01T13:00:00Z").matched
    assert not match(criteria, EVENT).matched


def test_configuration_of_the_pack() -> None:
    criteria = {"when": "event.payload.branch == pack.config.branch"}
    assert match(criteria, EVENT, pack_config={"branch": "main"}).matched


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OPERATORS = ["equals", "iequals", "contains", "lessthan", "inside", "matchwildcard", "regex", "timediff_lt", "search"]


@settings(max_examples=300, deadline=None)
@given(found=JSON, value=JSON, operator=st.sampled_from(OPERATORS))
def test_odd_data_never_raises(found: Any, value: Any, operator: str) -> None:
    event = {"id": 1, "trigger": "t.t", "payload": {"x": found}, "created": ""}
    assert match({"path": "x", "operator": operator, "value": value}, event).reason


@settings(max_examples=200, deadline=None)
@given(criteria=JSON, event=st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_odd_criteria_never_raise(criteria: Any, event: Any) -> None:
    assert match(criteria, event).reason


@pytest.mark.parametrize(
    ("raw", "code", "path", "hint"),
    [
        (5, "wrong_type", (), "all"),
        ({"all": []}, "wrong_type", ("all",), ""),
        ({"all": [5]}, "wrong_type", ("all", 0), ""),
        ({"all": [MAIN], "any": [MAIN]}, "wrong_type", (), "`all`"),
        ([{"path": "x", "operator": "equal", "value": 1}], "unknown_operator", (0, "operator"), "equals"),
        ([{"path": "x", "operator": "equals"}], "missing_key", (0,), "value"),
        ([{"operator": "exists"}], "missing_key", (0,), "path"),
        ([{"path": "x..y", "operator": "exists"}], "invalid_path", (0, "path"), "event.payload"),
        ([{"path": "x", "oprator": "exists", "value": 1}], "unknown_key", (0, "oprator"), "operator"),
        ([{"path": "x", "operator": "regex", "value": "("}], "invalid_pattern", (0, "value"), "RE2"),
        ([{"path": "x", "operator": "regex", "value": 5}], "wrong_type", (0, "value"), "quotes"),
        ([{"path": "x", "operator": "timediff_lt", "value": "1h"}], "wrong_type", (0, "value"), "number"),
        (
            [{"path": "x", "operator": "search", "condition": "some", "value": MAIN}],
            "unknown_value",
            (0, "condition"),
            "",
        ),
        ([{"path": "x", "value": "{{ 1 + }}"}], "template_syntax", (0, "value"), ""),
        ({"when": "{{ evnt.x }}"}, "unknown_name", ("when",), "event"),
        ({"when": 5}, "wrong_type", ("when",), ""),
    ],
)
def test_faults_of_criteria(raw: Any, code: str, path: tuple[Any, ...], hint: str) -> None:
    _, faults = read_criteria(raw)
    (fault,) = faults
    assert (fault.code, fault.path) == (code, path)
    assert hint in fault.hint


def test_deep_criteria_are_refused() -> None:
    deep: Any = MAIN
    for _ in range(100):
        deep = {"not": deep}
    assert not match(deep, EVENT).matched
    assert "deep" in match(deep, EVENT).reason


def test_evil_pattern_takes_no_time() -> None:
    event = {"payload": {"x": "a" * 50_000 + "b"}}
    started = time.process_time()
    assert not match({"path": "x", "operator": "regex", "value": "^(a+)+$"}, event).matched
    assert not match({"path": "x", "operator": "matchwildcard", "value": "*a*a*a*a*a*a*a*c"}, event).matched
    assert time.process_time() - started < 2


def test_a_thousand_rules_take_little_time() -> None:
    size = {"path": "size", "operator": "lt", "value": 9}
    rules = [{"all": [size, {"path": "branch", "operator": "equals", "value": f"b{n}"}]} for n in range(1_000)]
    for criteria in rules:
        match(criteria, EVENT)
    started = time.process_time()
    assert not any(match(criteria, EVENT) for criteria in rules)
    assert time.process_time() - started < 0.1


def test_parameters() -> None:
    parameters = {"branch": "{{ event.payload.branch }}", "n": "{{ trigger.payload.size }}", "k": [1, "{{ event.id }}"]}
    assert render_parameters(parameters, EVENT) == {"branch": "main", "n": 3, "k": [1, 7]}
    assert render_parameters({"x": "{{ pack.config.y }}"}, EVENT, pack_config={"y": 1}) == {"x": 1}
    assert render_parameters(None, EVENT) == {}


def test_parameters_that_cannot_be_rendered() -> None:
    with pytest.raises(ExpressionError, match=r"nope"):
        render_parameters({"x": "{{ event.payload.nope }}"}, EVENT)
    with pytest.raises(ExpressionError, match="datastore"):
        render_parameters({"x": "{{ kv.get('a') }}"}, EVENT)
    assert render_parameters({"x": "{{ event.payload.nope | default('d') }}"}, EVENT) == {"x": "d"}


def test_what_a_template_gives_is_not_rendered_again() -> None:
    event = {"payload": {"x": "{{ system.identity }}"}}
    assert render_parameters({"y": "{{ event.payload.x }}"}, event) == {"y": "{{ system.identity }}"}


@pytest.mark.parametrize("criteria", [
    {"path": "event.payload.code", "operator": "equals", "value": "hunter2"},
    {"path": "event.payload.code", "operator": "nequals", "value": "hunter2"},
    {"path": "event.payload.codes", "operator": "contains", "value": "hunter2"},
    {"path": "event.payload.code", "operator": "regex", "value": "^h"},
])  # fmt: skip
def test_secrets_are_not_compared(criteria: Any) -> None:
    event = {**EVENT, "payload": {"code": Secret.of("value:1"), "codes": [Secret.of("value:2")]}}
    found = match({"all": [criteria]}, event)
    assert (found.matched, "it is a secret" in found.reason) == (False, True)
    assert match({"all": [{"path": "event.payload.code", "operator": "exists"}]}, event).matched
    assert not match({"when": "{{ event.payload.code == 'hunter2' }}"}, event).matched
    made = render_parameters({"to": "Bearer {{ event.payload.code }}"}, event)
    assert made == {"to": Secret.of("value:1").after("Bearer ")}
