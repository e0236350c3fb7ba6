"""Everything that can be wrong in the files of a pack, each with its place."""

from __future__ import annotations

import json

import pytest

from attune_core.definition.check import Known
from tests.unit.core.packs.shop import files, problems


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"pack": None}, "pack.yaml:0:0", "missing_manifest"),
        ({"pack": "label: x\n"}, "pack.yaml:1:1", "missing_key"),
        ({"pack": "ref: Shop\n"}, "pack.yaml:1:6", "invalid_ref"),
        ({"pack": "ref: shop\nversion: 1.0\n"}, "pack.yaml:2:10", "wrong_type"),
        ({"pack": "ref: shop\nversion: v1\n"}, "pack.yaml:2:10", "invalid_version"),
        ({"pack": "ref: shop\nverson: 1.0.0\n"}, "pack.yaml:2:1", "unknown_key"),
        ({"pack": "ref: shop\ndependencies: [core, 'a b']\n"}, "pack.yaml:2:22", "invalid_ref"),
        ({"pack": "ref: shop\nconfig: {a: {type: strin}}\n"}, "pack.yaml:2:20", "unknown_value"),
        ({"config": "a: {type: string}\n"}, "pack.yaml:5:1", "config_twice"),
        ({"config": "a: {type: integer, default: x}\n"}, "config.yaml:1:29", "default_type"),
        ({"actions__clean": "ref: other.clean\nruntime: shell\n"}, "actions/clean.yaml:1:6", "foreign_ref"),
        ({"actions__clean": "runtime: shell\n"}, "actions/clean.yaml:1:1", "missing_key"),
        ({"actions__clean": "ref: shop.build\nruntime: shell\n"}, "actions/clean.yaml:1:1", "duplicate_ref"),
        ({"actions__clean": "ref: shop.deploy\nruntime: shell\n"}, "workflows/deploy.yaml:1:1", "duplicate_ref"),
        ({"actions__clean": "ref: shop.clean\nruntime: pyton\n"}, "actions/clean.yaml:2:10", "unknown_value"),
        ({"actions__new": "ref: shop.new\n"}, "actions/new.yaml:1:1", "missing_key"),
        ({"actions__new": "ref: shop.new\nruntime: python\n"}, "actions/new.yaml:1:1", "missing_file"),
        (
            {"actions__new": "ref: shop.new\nruntime: python\nentry_point: ../x.py\n"},
            "actions/new.yaml:3:14",
            "missing_file",
        ),
        (
            {"actions__new": "ref: shop.new\nruntime: shell\nentry_point: bild.sh\n"},
            "actions/new.yaml:3:14",
            "missing_file",
        ),
        ({"actions__new": "ref: shop.new\nruntime: http\n"}, "actions/new.yaml:1:1", "missing_key"),
        ({"actions__new": "ref: shop.new\nurl: '{{ paramters.x }}'\n"}, "actions/new.yaml:2:6", "unknown_name"),
        ({"actions__new": "ref: shop.new\nruntime: ''\n"}, "actions/new.yaml:2:10", "unknown_value"),
        ({"actions__new": "ref: shop.new\nruntime: native\nurl: x\n"}, "actions/new.yaml:3:1", "unknown_key"),
        ({"actions__new": "ref: shop.new\nruntime: native\ntimeout: 0\n"}, "actions/new.yaml:3:10", "out_of_range"),
        ({"actions__new": "ref: shop.new\nruntime: native\nenv: {A: 1}\n"}, "actions/new.yaml:3:10", "wrong_type"),
        ({"actions__new": "ref: shop.new\nruntime: native\nenv: {A-B: x}\n"}, "actions/new.yaml:3:7", "invalid_name"),
        ({"actions__new": "ref: shop.new\nruntime: native\nparametrs: {}\n"}, "actions/new.yaml:3:1", "unknown_key"),
        ({"actions__new": "ref: shop.new\nworkflow_file: none.yaml\n"}, "actions/new.yaml:2:16", "missing_file"),
        (
            {"actions__release": "ref: shop.release\nentry_point: x\nworkflow_file: workflows/release.graph.yaml\n"},
            "actions/release.yaml:2:1",
            "unknown_key",
        ),
        (
            {"actions__workflows__release.graph": "label: Other\ntasks: [{name: a}]\n"},
            "actions/workflows/release.graph.yaml:1:1",
            "metadata_twice",
        ),
        (
            {"actions__workflows__release.graph": "tasks: [{name: a, timeout: 0}]\n"},
            "actions/workflows/release.graph.yaml:1:28",
            "out_of_range",
        ),
        ({"workflows__x": "ref: other.x\ntasks: [{name: a}]\n"}, "workflows/x.yaml:1:6", "foreign_ref"),
        (
            {"workflows__x": "ref: shop.x\ntasks: [{name: a, action: shop.bild}]\n"},
            "workflows/x.yaml:2:27",
            "unknown_action",
        ),
        (
            {"workflows__x": "ref: shop.x\ntasks: [{name: a, action: shop.build, input: {jobs: x}}]\n"},
            "workflows/x.yaml:2:53",
            "invalid_input",
        ),
        (
            {"workflows__x": "ref: shop.x\ntasks: [{name: a, action: shop.deploy, input: {targt: x}}]\n"},
            "workflows/x.yaml:2:48",
            "invalid_input",
        ),
        ({"triggers__x": "ref: shop.x\nkind: webhok\n"}, "triggers/x.yaml:2:7", "unknown_value"),
        ({"triggers__x": "ref: shop.x\nkind: event\nwebhook: {}\n"}, "triggers/x.yaml:3:1", "wrong_kind"),
        (
            {"triggers__x": "ref: shop.x\nwebhook: {signature: md5, secret: x}\n"},
            "triggers/x.yaml:2:22",
            "unknown_value",
        ),
        ({"triggers__x": "ref: shop.x\nwebhook: {key: 'a b', secret: x}\n"}, "triggers/x.yaml:2:16", "invalid_name"),
        ({"triggers__x": "ref: shop.x\nwebhook: {secret: [a, b, c]}\n"}, "triggers/x.yaml:2:19", "wrong_type"),
        ({"triggers__x": "ref: shop.told\n"}, "triggers/x.yaml:1:1", "duplicate_ref"),
        ({"rules__always": "ref: shop.x\naction: shop.clean\n"}, "rules/always.yaml:1:1", "missing_key"),
        (
            {"rules__always": "ref: shop.x\ntrigger: shop.tod\naction: shop.clean\n"},
            "rules/always.yaml:2:10",
            "unknown_trigger",
        ),
        (
            {"rules__always": "ref: shop.x\ntrigger: shop.told\naction: shop.cleen\n"},
            "rules/always.yaml:3:9",
            "unknown_action",
        ),
        (
            {"rules__always": "ref: shop.x\ntrigger: shop.told\naction: shop.build\n"},
            "rules/always.yaml:3:1",
            "invalid_input",
        ),
        (
            {"rules__always": "ref: shop.x\ntrigger: shop.told\naction: shop.build\nparameters: {target: 5}\n"},
            "rules/always.yaml:4:22",
            "invalid_input",
        ),
        (
            {"rules__always": "ref: shop.x\ntrigger: shop.told\naction: shop.clean\nparameters: {a: '{{ evnt.x }}'}\n"},
            "rules/always.yaml:4:17",
            "unknown_name",
        ),
        (
            {"rules__always": "ref: shop.x\ntrigger: shop.told\naction: shop.clean\nwhen: '{{ 1 + }}'\n"},
            "rules/always.yaml:4:7",
            "template_syntax",
        ),
        (
            {"rules__always": "ref: shop.x\ntrigger: shop.told\naction: shop.clean\nwhen: x\ncriteria: {}\n"},
            "rules/always.yaml:4:1",
            "criteria_twice",
        ),
        (
            {
                "rules__always": "ref: shop.x\ntrigger: shop.told\naction: shop.clean\n"
                "criteria:\n  all:\n  - {path: x, operator: equal, value: 1}\n"
            },
            "rules/always.yaml:6:25",
            "unknown_operator",
        ),
        ({"rules__broken": "ref: [a\n"}, "rules/broken.yaml:2:1", "yaml_syntax"),
    ],
)
def test_problem(changes: dict[str, str | None], place: str, code: str) -> None:
    found = [
        f"{problem.file}:{problem.line}:{problem.column}"
        for problem in problems(files(**changes))
        if problem.code == code
    ]
    assert place in found
    assert all(problem.message for problem in problems(files(**changes)))


def test_problems_over_all_files_come_at_once_and_sorted() -> None:
    found = problems(
        files(
            pack="ref: shop\nlable: x\n",
            actions__clean="ref: shop.clean\nruntime: shel\n",
            rules__always="ref: shop.always\n",
            workflows__deploy="ref: shop.deploy\ntasks: [{name: a, on_success: b}]\n",
        )
    )
    assert [(problem.file, problem.code) for problem in found] == [
        ("actions/clean.yaml", "unknown_value"),
        ("pack.yaml", "unknown_key"),
        ("rules/always.yaml", "missing_key"),
        ("rules/always.yaml", "missing_key"),
        ("workflows/deploy.yaml", "unknown_task"),
    ]


def test_a_webhook_without_a_secret_is_a_warning() -> None:
    (problem,) = problems(files(triggers__pushed="ref: shop.pushed\nkind: webhook\n"))
    assert (problem.code, problem.severity) == ("no_webhook_secret", "warning")


@pytest.mark.parametrize("name", ["a b", "../x", "", "x/../y", ["a", "b", "c"]], ids=str)
def test_a_webhook_names_secrets_of_its_own_pack(name: object) -> None:
    text = f"ref: shop.pushed\nwebhook: {{secret_key: {json.dumps(name)}}}\n"
    found = problems(files(triggers__pushed=text))
    assert found
    assert {problem.severity for problem in found} == {"error"}
    assert problems(files(triggers__pushed="ref: shop.pushed\nwebhook: {secret_key: [hook, old/hook]}\n")) == []


def test_other_packs_are_checked_when_it_is_known_what_is_installed() -> None:
    changed = files(
        workflows__x="ref: shop.x\ntasks: [{name: a, action: core.echo}, {name: b, action: cloud.start}]\n",
        rules__always="ref: shop.always\ntrigger: cloud.started\naction: core.echo\n",
    )
    assert problems(changed) == []
    known = Known({"core.echo": {"type": "object", "required": ["message"]}}, frozenset({"core"}))
    assert [(problem.file, problem.code, problem.severity) for problem in problems(changed, known)] == [
        ("rules/always.yaml", "unknown_trigger", "warning"),
        ("rules/always.yaml", "invalid_input", "error"),
        ("workflows/x.yaml", "invalid_input", "error"),
        ("workflows/x.yaml", "unknown_action", "warning"),
    ]


def test_what_was_installed_of_this_pack_does_not_count() -> None:
    known = Known({"shop.gone": None}, frozenset({"shop", "core"}))
    changed = files(workflows__x="ref: shop.x\ntasks: [{name: a, action: shop.gone}]\n")
    assert [problem.code for problem in problems(changed, known)] == ["unknown_action"]


@pytest.mark.parametrize("content", [b"", b"\xff", b"[", b"- a", b"a: 1\na: 2", b"1: 2", b"ref: 5", b"ref: {}", b"{}"])
@pytest.mark.parametrize(
    "path",
    [
        "pack.yaml",
        "config.yaml",
        "actions/build.yaml",
        "workflows/deploy.yaml",
        "triggers/told.yaml",
        "rules/on_push.yaml",
    ],
)
def test_odd_content_is_a_problem_of_that_file(path: str, content: bytes) -> None:
    found = problems({**files(), path: content})
    allowed = path == "config.yaml" and content in (b"{}", b"ref: {}")
    assert allowed or path in {problem.file for problem in found}


def test_nothing_at_all() -> None:
    (problem,) = problems({})
    assert problem.code == "missing_manifest"
