"""Examples of the document: what a client might send. A test holds each against the schema of its route."""

from __future__ import annotations

from typing import Any

_WORKFLOW = """\
ref: web.deploy
label: Deploy
version: 1.0.0
parameters:
  type: object
  properties:
    release: {type: string}
  required: [release]
tasks:
  - name: announce
    action: core.echo
    input:
      message: "deploying {{ parameters.release }}"
"""
_YAML = "application/yaml"
_JSON = "application/json"
_FILTER: dict[str, Any] = {"filter": {"action": "web.deploy", "since": "2030-01-01T00:00:00Z"}, "limit": 100}
_TOKEN = "4f1c0e1b7d3a4c5e9f8a7b6c5d4e3f2a"  # noqa: S105 - it opens nothing
_CLAIM = {"execution_id": 17, "token": _TOKEN, "claim": "9d1f60b27c3e4a58"}
_LINE = {"stream": "stdout", "time": "2030-01-01T00:00:00Z", "line": "watching"}

BODIES: dict[tuple[str, str], tuple[str, Any]] = {
    ("POST", "/api/v1/login"): (_JSON, {"login": "ada", "password": "correct horse battery", "label": "laptop"}),
    ("POST", "/api/v1/login/oidc"): (_JSON, {"token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln"}),
    ("POST", "/api/v1/login/oidc/link"): (
        _JSON, {"token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln", "password": "correct horse battery"}
    ),
    ("POST", "/api/v1/tickets/take"): (_JSON, {"ticket": "att_4f1c0e1b7d3a4c5e_9f8a7b6c5d4e3f2a9f8a7b6c"}),
    ("POST", "/api/v1/tokens"): (_JSON, {"label": "ci", "role": "operator", "expires": "2030-01-01T00:00:00Z"}),
    ("POST", "/api/v1/identities"): (_JSON, {"login": "ci-runner", "kind": "service", "role": "operator"}),
    ("PUT", "/api/v1/identities/{login}"): (_JSON, {"label": "Runs the pipelines", "enabled": True}),
    ("PUT", "/api/v1/identities/{login}/password"): (_JSON, {"password": "correct horse battery staple"}),
    ("PUT", "/api/v1/identities/{login}/grants/{pack}"): (_JSON, {"role": "operator"}),
    ("POST", "/api/v1/packs"): (_JSON, {"url": "git+https://git.example.com/packs/web.git"}),
    ("PUT", "/api/v1/packs/{ref}/config"): (_JSON, {"config": {"region": "eu-1"}}),
    ("PATCH", "/api/v1/packs/{ref}/config"): (_JSON, {"set": {"region": "eu-2"}, "unset": ["zone"]}),
    ("POST", "/api/v1/packs/{ref}/restore"): (_JSON, {"version": "1.2.0"}),
    ("POST", "/api/v1/packs/{ref}/workflows"): (_YAML, _WORKFLOW),
    ("PUT", "/api/v1/workflows/{ref}"): (_YAML, _WORKFLOW),
    ("POST", "/api/v1/workflows/{ref}/execute"): (_JSON, {"parameters": {"release": "2.4.1"}}),
    ("POST", "/api/v1/rules"): (
        _JSON,
        {"ref": "web.on_push", "trigger": "web.pushed", "when": "{{ event.payload.branch == 'main' }}",
         "action": "web.deploy", "parameters": {"release": "{{ event.payload.tag }}"}},
    ),
    ("PUT", "/api/v1/rules/{ref}"): (_JSON, {"enabled": False}),
    ("POST", "/api/v1/policies"): (
        _JSON,
        {"ref": "web.one_at_a_time", "action": "web.deploy", "concurrency": {"limit": 1}},
    ),
    ("PUT", "/api/v1/policies/{ref}"): (_JSON, {"enabled": False}),
    ("POST", "/api/v1/secrets/rotate"): (_JSON, {"after": ""}),
    ("POST", "/api/v1/workers/claims"): (_JSON, {"worker": "workers-1", "claims": [_CLAIM]}),
    ("POST", "/api/v1/sensors/leases"): (_JSON, {"service": "sensors-1", "slots": 10}),
    ("POST", "/api/v1/sensors/{ref}/start"): (_JSON, {"token": _TOKEN}),
    ("POST", "/api/v1/sensors/{ref}/logs"): (_JSON, {"token": _TOKEN, "lines": [_LINE]}),
    ("POST", "/api/v1/sensors/{ref}/events"): (
        _JSON,
        {"token": _TOKEN, "events": [{"trigger": "web.changed", "payload": {"path": "/etc/hosts"}, "key": "hosts-17"}]},
    ),
    ("POST", "/api/v1/executions"): (_JSON, {"action": "core.echo", "parameters": {"message": "hello"}}),
    ("POST", "/api/v1/executions/cancel"): (_JSON, _FILTER),
    ("POST", "/api/v1/workflow-executions/cancel"): (_JSON, {**_FILTER, "reason": "wrong release"}),
    ("POST", "/api/v1/workflow-executions/retry"): (_JSON, {**_FILTER, "reset_items": False}),
    ("POST", "/api/v1/workflow-executions/{id}/cancel"): (_JSON, {"reason": "wrong release"}),
    ("POST", "/api/v1/workflow-executions/{id}/retry"): (_JSON, {"tasks": ["announce"]}),
    ("POST", "/api/v1/inquiries/{id}/respond"): (_JSON, {"response": {"approved": True}}),
    ("POST", "/api/v1/incidents/{id}/resolve"): (_JSON, {"action": "continue", "note": "the disk was full"}),
    ("POST", "/api/v1/events"): (
        _JSON,
        {"trigger": "web.pushed", "payload": {"branch": "main", "tag": "2.4.1"}, "dedup_key": "push-8812"},
    ),
    ("POST", "/api/v1/events/batch"): (_JSON, {"events": [{"trigger": "web.pushed", "payload": {"branch": "main"}}]}),
    ("PUT", "/api/v1/kv/{key}"): (_JSON, {"value": {"release": "2.4.1"}, "ttl": 3600}),
    ("POST", "/api/v1/kv/{key}/increment"): (_JSON, {"by": 1}),
    ("PUT", "/api/v1/secrets/{key}"): (_JSON, {"value": "s3cr3t", "description": "Deploys to the registry"}),
}  # fmt: skip
"""By method and address: media type and body."""

PLACES: dict[str, dict[str, str]] = {
    "/api/v1/packs/": {"ref": "core"},
    "/api/v1/actions/": {"ref": "core.echo"},
    "/api/v1/workflows/": {"ref": "web.deploy"},
    "/api/v1/triggers/": {"ref": "core.cron"},
    "/api/v1/rules/": {"ref": "web.on_push"},
    "/api/v1/sensors/": {"ref": "web.watcher"},
    "/api/v1/identities/": {"login": "ada", "pack": "core"},
    "/api/v1/kv/": {"key": "web/current_release"},
    "/api/v1/secrets/": {"key": "pack:web/registry_token"},
    "/api/v1/": {"id": "1"},
}
"""By the beginning of an address: what may stand in its places."""


def of_place(path: str, name: str) -> str | None:
    for beginning, names in PLACES.items():
        if path.startswith(beginning) and name in names:
            return names[name]
    return None
