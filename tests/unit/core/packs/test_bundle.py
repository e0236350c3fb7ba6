"""A whole pack from its files."""

from __future__ import annotations

import pytest

from attune_core.errors import DefinitionError
from attune_core.model.action import Runtime
from attune_core.model.dependency import Dependency
from attune_core.model.trigger import TriggerKind
from attune_core.packs.bundle import Bundle, digest_of, read_bundle
from tests.unit.core.packs.shop import files


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return read_bundle(files())


def test_the_manifest(bundle: Bundle) -> None:
    manifest = bundle.manifest
    assert (manifest.ref, manifest.label, manifest.version, manifest.dependencies) == (
        "shop", "A shop", "1.2.3", (Dependency("core"),),
    )  # fmt: skip
    assert manifest.conf_schema is not None
    assert manifest.conf_schema["properties"]["key"] == {"type": "string", "secret": True}
    assert manifest.config == {"region": "eu"}
    assert manifest.raw["ref"] == "shop"
    assert bundle.warnings == ()


def test_actions(bundle: Bundle) -> None:
    assert [(action.ref, action.runtime, action.entry_point) for action in bundle.actions] == [
        ("shop.ask", Runtime.INQUIRY, ""),
        ("shop.build", Runtime.PYTHON, "actions/build.py"),
        ("shop.call", Runtime.HTTP, ""),
        ("shop.clean", Runtime.SHELL, "actions/clean.sh"),
        ("shop.guess", Runtime.PYTHON, "actions/build.py:main"),
        ("shop.list", Runtime.SHELL, "ls -l | sort"),
        ("shop.deploy", Runtime.WORKFLOW, ""),
        ("shop.release", Runtime.WORKFLOW, ""),
    ]
    by_ref = {action.ref: action for action in bundle.actions}
    build = by_ref["shop.build"]
    assert build.label == "Build"
    assert build.spec == {"timeout": 30.0, "pool": "builders", "idempotent": True, "env": {"MODE": "fast"}}
    assert build.param_schema is not None
    assert build.param_schema["required"] == ["target"]
    assert build.out_schema is not None
    assert build.out_schema["properties"] == {"size": {"type": "integer"}}
    assert by_ref["shop.call"].spec == {"url": "http://localhost", "method": "POST", "json": {"a": 1}}
    assert not by_ref["shop.guess"].enabled
    assert by_ref["shop.clean"].param_schema is None


def test_workflows_and_their_synthetic_actions(bundle: Bundle) -> None:
    assert [workflow.ref for workflow in bundle.workflows] == ["shop.deploy", "shop.release"]
    release = bundle.workflows[1]
    assert (release.label, release.version, list(release.graph.tasks)) == ("Release", "2.0.0", ["a"])
    assert release.definition["parameters"] == {"version": {"type": "string", "required": True}}
    action = next(action for action in bundle.actions if action.ref == "shop.release")
    assert action.is_workflow
    assert action.workflow_file == "actions/workflows/release.graph.yaml"
    assert action.param_schema == release.parameters_schema
    assert action.spec == {"timeout": 60.0}


def test_triggers(bundle: Bundle) -> None:
    hourly, pushed, told = bundle.triggers
    assert (pushed.kind, pushed.webhook_key) == (TriggerKind.WEBHOOK, "push")
    assert pushed.spec == {"webhook": {"key": "push", "signature": "attune", "secret_env": "PUSH_SECRET"}}
    assert (told.kind, told.webhook_key, told.spec) == (TriggerKind.EVENT, None, {})
    assert (hourly.kind, hourly.spec) == (TriggerKind.TIMER, {"timer": {"interval": 3600}})


def test_rules(bundle: Bundle) -> None:
    always, on_push = bundle.rules
    assert (on_push.trigger_ref, on_push.action_ref, on_push.enabled) == ("shop.pushed", "shop.deploy", True)
    assert on_push.criteria == {"all": [{"path": "event.payload.branch", "operator": "equals", "value": "main"}]}
    assert on_push.action_params == {"target": "{{ event.payload.branch }}"}
    assert (always.criteria, always.enabled) == ({"when": "event.payload.x"}, False)


def test_the_digest_is_of_paths_and_contents() -> None:
    assert digest_of({"a": b"b"}) == digest_of({"a": b"b"})
    assert len({digest_of(given) for given in ({"a": b"b"}, {"a": b"c"}, {"ab": b""}, {"a": b"b", "c": b""}, {})}) == 5


def test_a_webhook_key_defaults_to_the_ref() -> None:
    pack = read_bundle(files(triggers__pushed="ref: shop.pushed\nkind: webhook\nwebhook: {signature: none}\n"))
    assert pack.triggers[1].webhook_key == "shop.pushed"


def test_configuration_in_a_file_of_its_own() -> None:
    pack = read_bundle(files(pack="ref: shop\n", config="type: object\nproperties: {a: {type: integer, default: 1}}\n"))
    assert pack.manifest.config == {"a": 1}
    assert pack.manifest.version == "1.0.0"


def test_schemas_have_other_names() -> None:
    given = {
        "pack.yaml": b"ref: p\nlabel: P\nversion: 1.0.0\n",
        "actions/a.yaml": b"ref: p.a\nruntime: native\nentry_point: core.noop\noutput_schema: {n: {type: integer}}\n",
        "triggers/t.yaml": b"ref: p.t\npayload_schema: {n: {type: integer}}\n",
    }
    read = read_bundle(given)
    wanted = {"n": {"type": "integer"}}
    assert (read.actions[0].out_schema or {})["properties"] == wanted
    assert (read.triggers[0].payload_schema or {})["properties"] == wanted
    with pytest.raises(DefinitionError, match="another name of `payload_schema`"):
        read_bundle({**given, "triggers/t.yaml": given["triggers/t.yaml"] + b"payload: {}\n"})
