"""The reference of rules: its rules are accepted, match what it says they match, and its lists are whole."""

from __future__ import annotations

import re
from typing import Any

import pytest

from attune_core.definition.reader import read_document, read_list
from attune_core.packs.bundle import read_bundle
from attune_core.packs.keys import RULE
from attune_core.rules.match import match, render_parameters
from attune_core.rules.operators import NAMES
from tests.unit.docs.blocks import DOCS, Block, blocks_of

PAGE = DOCS / "reference/rules.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = blocks_of(PAGE)


def _of(kind: str) -> list[object]:
    return [pytest.param(block, id=str(block.line)) for block in BLOCKS if block.kind == kind]


def _rule(text: str) -> Any:
    bundle = read_bundle({"pack.yaml": b"ref: ops\n", f"rules/{_name(text)}.yaml": text.encode()})
    assert bundle.warnings == ()
    return bundle.rules[0]


def _name(text: str) -> str:
    found = re.search(r"^ref: ops\.(\w+)$", text, re.MULTILINE)
    assert found is not None
    return found[1]


def _rule_before(block: Block) -> Any:
    return _rule([each for each in BLOCKS if each.kind == "rule" and each.line < block.line][-1].text)


@pytest.mark.parametrize("block", _of("rule"))
def test_a_rule_is_accepted(block: Block) -> None:
    _rule(block.text)


@pytest.mark.parametrize("block", _of("event"))
def test_a_rule_makes_of_an_event_what_the_page_says(block: Block) -> None:
    told, rule = read_document(block.text, "event").value, _rule_before(block)
    event = {"id": 1, "trigger": rule.trigger_ref, "payload": told["payload"], "created": told.get("created", "")}
    verdict = match(rule.criteria, event)
    assert verdict.matched is told["matched"], verdict.reason
    assert verdict.reason == told.get("reason", verdict.reason)
    if "parameters" in told:
        assert render_parameters(rule.action_params, event) == told["parameters"]


@pytest.mark.parametrize("block", _of("operators"))
def test_operators_compare_as_the_page_says(block: Block) -> None:
    for found, operator, value, holds in read_list(block.text, "page", "lines").value["lines"]:
        criterion = {"path": "found", "operator": operator, "value": value}
        event = {"id": 1, "trigger": "t.t", "payload": {"found": found}, "created": ""}
        assert match([criterion], event).matched is holds, (found, operator, value)


def test_every_operator_is_told() -> None:
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", TEXT.partition("### Operators")[2], re.MULTILINE)
    told = {word for row in rows for cell in row for word in re.findall(r"`(\w+)`", cell)}
    assert set(NAMES) <= told


def test_every_key_is_told() -> None:
    rows = re.findall(r"^\| (`.*?) \|", TEXT.partition("## Criteria")[0], re.MULTILINE)
    assert {word for row in rows for word in re.findall(r"`(\w+)`", row)} == set(RULE)
