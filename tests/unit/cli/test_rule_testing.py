"""`attune rule test`: a rule's file against an event's file, without a platform."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from attune_cli.exits import Exit
from attune_cli.offline.rule_testing import BadEvent, check, event_of_file, rule_of_file

RULE = """\
ref: shop.r
trigger: shop.t
criteria:
  - {path: event.payload.size, operator: greaterthan, value: 3}
action: core.echo
parameters: {message: "{{ event.payload.size }} {{ pack.config.unit }}"}
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "pack.yaml").write_text("ref: shop\nconfig:\n  unit: {type: string, default: kg}\n")
    file = tmp_path / "rules" / "r.yaml"
    file.write_text(RULE)
    return file


def test_each_criterion_and_the_parameters(rule: Path, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"payload": {"size": 7}}')
    command = [sys.executable, "-m", "attune_cli", "rule", "test", str(rule), "--event", str(event), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = json.loads(done.stdout)
    assert (done.returncode, found["matched"], found["parameters"]) == (Exit.OK, True, {"message": "7 kg"})
    assert [line["matched"] for line in found["criteria"]] == [True, True]
    event.write_text('{"size": 2}')
    done = subprocess.run([*command[:-2]], capture_output=True, text=True, timeout=60)
    assert done.returncode == Exit.FAILED
    assert "greaterthan 3 does not hold: it is 2" in done.stdout


def test_what_is_odd_is_noted(rule: Path) -> None:
    spec, config = rule_of_file(rule)
    tested = check(spec, {"trigger": "other.t", "payload": {"size": 9}}, config)
    assert tested.notes == ("the event is of other.t, and the rule listens to shop.t",)
    assert check(spec, {"payload": {"size": 9}}, {}).problem.startswith("the parameters cannot be rendered")


def test_a_payload_alone_is_an_event_of_now(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    plain = RULE.replace("size, operator: greaterthan, value: 3", "at, operator: timediff_gt, value: 60")
    file.write_text(plain)
    spec, config = rule_of_file(file)
    assert check(spec, {"payload": {"at": "2020-02-29T12:00:00Z"}}, config).explanation.matched


def test_an_event_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text("[1, 2]")
    with pytest.raises(BadEvent):
        event_of_file(file)
