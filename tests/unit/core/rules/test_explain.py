"""Every criterion is told, also those that decide nothing any more; and rates."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.model.rate import Rate, counted, stored_rate, wait
from attune_core.rules.explain import explain
from attune_core.rules.match import match

EVENT = {"id": 1, "trigger": "t.t", "payload": {"name": "Ada", "tags": [{"k": 1}, {"k": 2}]}}


def one(path: str, value: Any) -> dict[str, Any]:
    return {"path": f"event.payload.{path}", "operator": "equals", "value": value}


def told(criteria: Any) -> list[tuple[str, bool]]:
    found = explain(criteria, EVENT)
    verdict = match(criteria, EVENT)
    assert (found.matched, found.reason) == (verdict.matched, verdict.reason)
    return [(line.place, line.matched) for line in found.lines]


def test_all_of_them_are_told() -> None:
    criteria = {"all": [one("name", "Bob"), {"any": [one("age", 3), {"not": one("name", "Bob")}]}]}
    assert told(criteria) == [
        ("criteria", False),
        ("all[0]", False),
        ("all[1]", True),
        ("all[1].any[0]", False),
        ("all[1].any[1]", True),
        ("all[1].any[1].not", False),
    ]


def test_elements_of_lists_are_told() -> None:
    search = {"path": "event.payload.tags", "operator": "search", "value": {"path": "item.k", "value": 2}}
    assert told([search]) == [("criteria", True), ("all[0]", True), ("all[0] item 0", False), ("all[0] item 1", True)]


@pytest.mark.parametrize("criteria", [None, [], {}])
def test_no_criteria(criteria: Any) -> None:
    found = explain(criteria, EVENT)
    assert (found.matched, found.lines) == (True, ())


def test_an_expression_and_what_cannot_be_tested() -> None:
    assert told({"when": "{{ event.payload.name == 'Ada' }}"}) == [("criteria", True)]
    found = explain({"when": "{{ event.payload.nobody.at == 1 }}"}, EVENT)
    assert not found.matched
    assert "could not be tested" in found.lines[0].sentence
    under = explain({"not": {"path": "name", "operator": "lt", "value": 1}}, EVENT)
    assert [line.matched for line in under.lines] == [False, False]
    assert under.lines[0].sentence.startswith("not: `name` lessthan 1 could not be tested")


def test_rates() -> None:
    rate = Rate(2, "minute")
    assert (wait(rate, [], 100), wait(rate, [70], 100)) == (0, 0)
    assert wait(rate, [50, 70], 100) == 10
    assert wait(rate, [40, 70], 100) == 0
    assert counted(rate, [39, 40, 41], 100) == [41]
    assert stored_rate({"limit": 2, "per": "minute"}) == rate
    for wrong in (None, {}, {"limit": 0, "per": "minute"}, {"limit": True, "per": "hour"}, {"limit": 1, "per": "day"}):
        assert stored_rate(wrong) is None
