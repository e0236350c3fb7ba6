"""Timers, webhooks and sensors in the files of a pack: what they become, and what is wrong with them, where."""

from __future__ import annotations

import pytest

from attune_core.definition.known import Known
from attune_core.model.sensor import SensorRuntime
from attune_core.packs.bundle import read_bundle
from attune_core.packs.sensors import render_sensor_parameters
from tests.unit.core.packs.shop import files, problems

KNOWN = Known(
    {"core.echo": None},
    frozenset({"core"}),
    frozenset({"core.cron", "core.interval"}),
    timers=frozenset({"core.cron", "core.interval"}),
)
SENSOR = """\
ref: shop.door
entry_point: door.py:Door
poll: 5m
triggers: [shop.told]
parameters: {at: '{{ pack.config.region }}'}
"""


def _with(**more: str) -> dict[str, bytes]:
    return {**files(**more), "sensors/door.py": b"", "sensors/other.sh": b""}


def test_a_sensor() -> None:
    (sensor,) = read_bundle(_with(sensors__door=SENSOR)).sensors
    assert (sensor.ref, sensor.runtime, sensor.poll) == ("shop.door", SensorRuntime.PYTHON, 300.0)
    assert (sensor.entry_point, sensor.triggers) == ("sensors/door.py:Door", ("shop.told",))
    assert render_sensor_parameters(sensor.parameters, {"region": "eu"}) == {"at": "eu"}


def test_the_file_beside_it_tells_what_runs_a_sensor() -> None:
    bundle = read_bundle(_with(sensors__door="ref: shop.door\n", sensors__other="ref: shop.other\n"))
    assert [(s.entry_point, s.runtime, s.poll) for s in bundle.sensors] == [
        ("sensors/door.py", SensorRuntime.PYTHON, None),
        ("sensors/other.sh", SensorRuntime.SHELL, None),
    ]


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"sensors__door": "entry_point: door.py\n"}, "sensors/door.yaml:1:1", "missing_key"),
        ({"sensors__door": "ref: other.door\n"}, "sensors/door.yaml:1:6", "foreign_ref"),
        ({"sensors__new": "ref: shop.new\n"}, "sensors/new.yaml:1:1", "missing_file"),
        ({"sensors__door": "ref: shop.door\nentry_point: dor.py\n"}, "sensors/door.yaml:2:14", "missing_file"),
        ({"sensors__door": "ref: shop.door\nentry_point: ../x.py\n"}, "sensors/door.yaml:2:14", "missing_file"),
        ({"sensors__door": "ref: shop.door\npoll: 0\n"}, "sensors/door.yaml:2:7", "bad_interval"),
        ({"sensors__door": "ref: shop.door\npoll: often\n"}, "sensors/door.yaml:2:7", "bad_interval"),
        ({"sensors__door": "ref: shop.door\npoll: 5\npoll_timeout: x\n"}, "sensors/door.yaml:3:15", "bad_interval"),
        ({"sensors__door": "ref: shop.door\npoll_timeout: 5\n"}, "sensors/door.yaml:2:15", "bad_interval"),
        ({"sensors__door": "ref: shop.door\npol: 5\n"}, "sensors/door.yaml:2:1", "unknown_key"),
        ({"sensors__door": "ref: shop.door\nruntime: ruby\n"}, "sensors/door.yaml:2:10", "unknown_value"),
        ({"sensors__door": "ref: shop.door\ntriggers: [shop.tld]\n"}, "sensors/door.yaml:2:12", "unknown_trigger"),
        (
            {"sensors__door": "ref: shop.door\nparameters: {a: '{{ x. }}'}\n"},
            "sensors/door.yaml:2:17",
            "template_syntax",
        ),
        ({"sensors__door": "ref: shop.door\nenv: {A: 1}\n"}, "sensors/door.yaml:2:10", "wrong_type"),
        (
            {"triggers__hourly": "ref: shop.hourly\ntimer: {cron: '61 * * * *'}\n"},
            "triggers/hourly.yaml:2:15",
            "bad_cron",
        ),
        (
            {"triggers__hourly": "ref: shop.hourly\ntimer: {cron: '0 0 30 2 *'}\n"},
            "triggers/hourly.yaml:2:15",
            "bad_cron",
        ),
        ({"triggers__hourly": "ref: shop.hourly\ntimer: {}\n"}, "triggers/hourly.yaml:2:8", "missing_key"),
        (
            {"triggers__hourly": "ref: shop.hourly\ntimer: {cron: '* * * * *', timezone: Mars/Base}\n"},
            "triggers/hourly.yaml:2:38",
            "bad_timezone",
        ),
        (
            {"rules__always": "ref: shop.always\ntrigger: core.cron\naction: shop.clean\n"},
            "rules/always.yaml:1:1",
            "missing_key",
        ),
        (
            {
                "rules__always": "ref: shop.always\ntrigger: core.interval\n"
                "trigger_parameters: {interval: 5 minutes}\naction: shop.clean\n"
            },
            "rules/always.yaml:3:32",
            "bad_interval",
        ),
        (
            {"triggers__pushed": "ref: shop.pushed\nwebhook: {signature: gitub}\n"},
            "triggers/pushed.yaml:2:22",
            "unknown_value",
        ),
        (
            {"triggers__pushed": "ref: shop.pushed\nwebhook: {signature: github, secret: x, header: X}\n"},
            "triggers/pushed.yaml:2:41",
            "unknown_key",
        ),
        (
            {"triggers__pushed": "ref: shop.pushed\nwebhook: {secret: x, dedup: {header: A, path: b}}\n"},
            "triggers/pushed.yaml:2:29",
            "wrong_type",
        ),
        (
            {"triggers__pushed": "ref: shop.pushed\nwebhook: {secret: x, dedup: {path: 'a..b'}}\n"},
            "triggers/pushed.yaml:2:36",
            "invalid_path",
        ),
    ],
)
def test_mistakes_have_their_place(changes: dict[str, str], place: str, code: str) -> None:
    found = problems(_with(**changes), KNOWN)
    assert (place, code) in [(f"{p.file}:{p.line}:{p.column}", p.code) for p in found], found


def test_webhooks_of_senders() -> None:
    text = "ref: shop.pushed\nwebhook: {signature: token, secret: [a, b], header: X-Key, dedup: {path: event.id}}\n"
    (trigger,) = [one for one in read_bundle(files(triggers__pushed=text)).triggers if one.ref == "shop.pushed"]
    assert trigger.spec["webhook"] == {
        "key": "shop.pushed",
        "signature": "token",
        "secret": ["a", "b"],
        "header": "X-Key",
        "dedup": {"path": "event.id"},
    }


def test_a_timer_without_a_schedule_leaves_it_to_its_rules() -> None:
    bundle = read_bundle(
        files(
            triggers__hourly="ref: shop.hourly\nkind: timer\n",
            rules__always="ref: shop.always\ntrigger: shop.hourly\naction: shop.clean\n"
            "trigger_parameters: {cron: '@hourly'}\n",
        )
    )
    assert [trigger.ref for trigger in bundle.triggers if trigger.is_set_by_rules] == ["shop.hourly"]
