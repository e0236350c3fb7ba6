"""The schema and the parser agree, key by key: each value that one of them refuses, the other refuses too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from attune_core.definition import keys as workflow_keys
from attune_core.definition.known import Known
from attune_core.definition.workflow import read_workflow
from attune_core.errors import DefinitionError, Severity
from attune_core.model.keys import Keys
from attune_core.packs import keys as pack_keys
from attune_core.packs.bundle import read_bundle
from attune_core.rehearsal import keys as case_keys
from attune_core.rehearsal.reading import read_script
from attune_core.rules import keys as rule_keys
from attune_core.schemas.documents import FileKind, schema_of
from tests.unit.core.schemas.values import VALUES, as_yaml

Document = dict[str, Any]
Parser = Callable[[Document], set[str]]

SHAPE = {
    "wrong_type",
    "unknown_key",
    "unknown_value",
    "unknown_operator",
    "missing_key",
    "out_of_range",
    "invalid_ref",
    "invalid_name",
    "invalid_version",
    "reserved_name",
    "duplicate_name",
    "needs_with_items",
    "needs_parallel",
    "transition_in_parallel",
}
"""What a schema can tell. Everything else is for the checker alone."""

VALIDATORS = {kind: jsonschema_rs.Draft202012Validator(schema_of(kind)) for kind in FileKind}


def _workflow(document: Document) -> set[str]:
    return {found.code for found in read_workflow(document).findings.all if found.severity is Severity.ERROR}


def _in_pack(path: str) -> Parser:
    def parse(document: Document) -> set[str]:
        files = {"pack.yaml": b"ref: p\n", path: as_yaml(document), "actions/x.py": b"", "sensors/x.py": b""}
        if path.startswith("policies/"):
            files["actions/x.yaml"] = b"ref: p.x\nruntime: native\nparameters: {x: {type: string}}\n"
        if path == "pack.yaml":
            files["pack.yaml"] = as_yaml(document)
        try:
            read_bundle(files, Known(complete=False))
        except DefinitionError as error:
            return {problem.code for problem in error.problems if problem.severity is Severity.ERROR}
        return set()

    return parse


def _case(document: Document) -> set[str]:
    try:
        read_script(document)
    except DefinitionError as error:
        return {problem.code for problem in error.problems}
    return set()


def _task(**keys: Any) -> Document:
    return {"ref": "p.w", "tasks": [{"name": "a", **keys}, {"name": "b"}]}


def _rule(**keys: Any) -> Document:
    return {"ref": "p.x", "trigger": "q.t", "action": "q.a", **keys}


ACTION: Document = {"ref": "p.x", "runtime": "native", "entry_point": "x"}
POLICY: Document = {"ref": "p.x", "action": "p.x", "concurrency": {"limit": 1}}
WEBHOOK: Document = {"ref": "p.x", "kind": "webhook"}

# the table, the kind of file, its parser, and a file around a map of the table
PLACES: list[tuple[str, Keys, FileKind, Parser, Callable[[Document], Document]]] = [
    ("workflow", workflow_keys.WORKFLOW, FileKind.WORKFLOW, _workflow, lambda m: {**_task(), **m}),
    ("task", workflow_keys.TASK, FileKind.WORKFLOW, _workflow, lambda m: _task(**m)),
    (
        "sub-task",
        workflow_keys.SUBTASK,
        FileKind.WORKFLOW,
        _workflow,
        lambda m: _task(type="parallel", tasks=[{"name": "c", **m}]),
    ),
    ("retry", workflow_keys.RETRY, FileKind.WORKFLOW, _workflow, lambda m: _task(retry={"count": 1, **m})),
    ("tolerate", workflow_keys.TOLERATE, FileKind.WORKFLOW, _workflow, lambda m: _task(with_items=[1], tolerate=m)),
    (
        "compensate",
        workflow_keys.COMPENSATE,
        FileKind.WORKFLOW,
        _workflow,
        lambda m: _task(compensate={"action": "p.x", **m}),
    ),
    (
        "dependency",
        workflow_keys.DEPENDENCY,
        FileKind.WORKFLOW,
        _workflow,
        lambda m: _task(depends_on=[{"task": "b", **m}]),
    ),
    (
        "branch",
        workflow_keys.BRANCH,
        FileKind.WORKFLOW,
        _workflow,
        lambda m: _task(decision=[{"when": "true", "next": "b", **m}]),
    ),
    ("next", workflow_keys.NEXT, FileKind.WORKFLOW, _workflow, lambda m: _task(next=[m])),
    ("pack", pack_keys.MANIFEST, FileKind.PACK, _in_pack("pack.yaml"), lambda m: {"ref": "p", **m}),
    ("action", pack_keys.ACTION, FileKind.ACTION, _in_pack("actions/x.yaml"), lambda m: {**ACTION, **m}),
    ("rule", pack_keys.RULE, FileKind.RULE, _in_pack("rules/x.yaml"), lambda m: _rule(**m)),
    (
        "criterion",
        rule_keys.TEST,
        FileKind.RULE,
        _in_pack("rules/x.yaml"),
        lambda m: _rule(criteria={"path": "event.payload.x", "value": 1, **m}),
    ),
    ("criteria", rule_keys.GROUPS, FileKind.RULE, _in_pack("rules/x.yaml"), lambda m: _rule(criteria=m)),
    ("trigger", pack_keys.TRIGGER, FileKind.TRIGGER, _in_pack("triggers/x.yaml"), lambda m: {"ref": "p.x", **m}),
    (
        "webhook",
        pack_keys.WEBHOOK,
        FileKind.TRIGGER,
        _in_pack("triggers/x.yaml"),
        lambda m: {**WEBHOOK, "webhook": {"signature": "token", **m}},
    ),
    ("sensor", pack_keys.SENSOR, FileKind.SENSOR, _in_pack("sensors/x.yaml"), lambda m: {"ref": "p.x", **m}),
    ("policy", pack_keys.POLICY, FileKind.POLICY, _in_pack("policies/x.yaml"), lambda m: {**POLICY, **m}),
    (
        "concurrency",
        pack_keys.CONCURRENCY,
        FileKind.POLICY,
        _in_pack("policies/x.yaml"),
        lambda m: {**POLICY, "concurrency": {"limit": 1, **m}},
    ),
    (
        "rate limit",
        pack_keys.RATE_LIMIT,
        FileKind.POLICY,
        _in_pack("policies/x.yaml"),
        lambda m: {**POLICY, "rate_limit": {"limit": 1, "per": "minute", **m}},
    ),
    (
        "policy retry",
        pack_keys.POLICY_RETRY,
        FileKind.POLICY,
        _in_pack("policies/x.yaml"),
        lambda m: {**POLICY, "retry": {"count": 1, **m}},
    ),
    ("case", case_keys.CASE, FileKind.TEST, _case, lambda m: dict(m)),
    ("answer", case_keys.ANSWER, FileKind.TEST, _case, lambda m: {"outcomes": {"a": {"succeed": 1, **m}}}),
    ("signal", case_keys.SIGNAL, FileKind.TEST, _case, lambda m: {"signals": [m]}),
    ("expect", case_keys.EXPECT, FileKind.TEST, _case, lambda m: {"expect": m}),
]

LENIENT = {
    # the parser says more than a schema can: the key is fine, what it says beside the others is not
    ("workflow", "tasks"),
    ("task", "type"),
    ("sub-task", "type"),
    ("tolerate", "count"),
    ("tolerate", "percentage"),
    ("branch", "default"),
    ("branch", "next"),
    ("branch", "when"),
    ("task", "name"),
    ("sub-task", "name"),
    *(("action", key) for key in pack_keys.HTTP),
    ("action", "runtime"),
    ("action", "runner_type"),
    ("action", "workflow_file"),
    ("action", "entry_point"),
    ("criterion", "operator"),
    ("answer", "fail"),
    ("answer", "time_out"),
    ("trigger", "webhook"),
    ("trigger", "timer"),
    ("webhook", "dedup"),
    ("webhook", "header"),
}


def _probes() -> Iterator[Any]:
    for name, table, kind, parse, around in PLACES:
        for key in (*table, "no_such_key"):
            yield pytest.param((name, key, kind, parse, around), id=f"{name}.{key}")


@pytest.mark.parametrize("probe", list(_probes()))
def test_both_refuse_the_same_values(probe: tuple[str, str, FileKind, Parser, Callable[[Document], Document]]) -> None:
    name, key, kind, parse, around = probe
    differences: list[str] = []
    for value in VALUES:
        document = around({key: value})
        refused = bool(parse(document) & SHAPE)
        fits = VALIDATORS[kind].is_valid(document)
        if not fits and not parse(document):
            differences.append(f"the schema alone refuses {key}: {value!r}")
        if fits and refused and (name, key) not in LENIENT:
            differences.append(f"the parser alone refuses {key}: {value!r} {parse(document)}")
    assert differences == []


def test_the_tables_are_the_schema() -> None:
    schemas: Mapping[str, Any] = {kind.value: schema_of(kind) for kind in FileKind}
    assert set(schemas["workflow"]["properties"]) == set(workflow_keys.WORKFLOW)
    for part, table in workflow_keys.PARTS.items():
        assert set(schemas["workflow"]["$defs"][part]["properties"]) == set(table)
    for kind, table in (("action", pack_keys.ACTION), ("rule", pack_keys.RULE), ("pack", pack_keys.MANIFEST)):
        assert set(schemas[kind]["properties"]) == set(table)
