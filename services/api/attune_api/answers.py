"""Examples of answers in the document: made from the schema of what is answered, in the words of one small story.

A workflow `web.deploy` runs for `ada` because something was pushed. A test holds each example against its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_api.errors import FAMILY

_TIME = "2030-01-01T12:00:00Z"
_DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_DEPTH = 6

WORDS: dict[str, Any] = {
    "action": "web.deploy", "actions": ["web.build"], "address": "10.0.0.7", "assigned_to": ["operator"],
    "attempt": 1, "attempts": 1, "by": 1, "challenge": "8f0c2b", "client_id": "attune-cli", "code": "invalid",
    "column": 3, "completed_tasks": ["build"], "criteria": None, "current_tasks": ["announce"],
    "created": _TIME, "definition": {}, "description": "Deploys a release", "digest": _DIGEST, "duration": 4.2,
    "entry_point": "build.py", "enabled": True, "event": 31, "event_id": 31, "execution": 17,
    "failed_tasks": [], "file": "workflows/deploy.yaml", "first": 1, "from": "announce", "group": "production",
    "hash": "5f70bf18a0860070", "head": "5f70bf18a0860070", "id": 17, "identity": "ada",
    "issuer": "https://login.example.com", "key": "web/current_release", "label": "Deploy", "limit": "64",
    "line": "deploying 2.4.1", "login": "ada", "master_key": "k1", "message": "deploying 2.4.1",
    "name": "announce", "next": "WyJleGVjdXRpb25zIiwxN10", "on": "succeeded", "owner": "ada", "pack": "web",
    "pack_digest": _DIGEST, "pack_ref": "web", "parameters": {"release": "2.4.1"}, "path": "parameters.release",
    "payload": {"branch": "main", "tag": "2.4.1"}, "pool": "default", "prompt": "Deploy 2.4.1 to production?",
    "queue": "attune.executor", "ref": "web.deploy", "request_id": "01hq8z5x", "response": {"approved": True},
    "result": {"released": "2.4.1"}, "role": "operator", "routing_key": "execution.completed",
    "rule": "web.on_push", "rules": ["web.on_push"], "runtime": "python", "service": "worker-1",
    "started_at": _TIME, "source": {"kind": "webhook"}, "stream": "stdout", "task": "announce",
    "task_name": "announce", "text": "att_4f1c0e1b_…", "ticket": "att_4f1c0e1b_…", "to": "release",
    "token": "att_4f1c0e1b_…",
    "trace_id": "0af7651916cd43dd8448eb211c80319c", "trigger": "web.pushed", "triggers": ["web.pushed"],
    "type": "execution.completed", "value": {"release": "2.4.1"}, "version": "1.2.0", "waiting": 2,
    "when": "{{ event.payload.branch == 'main' }}", "worker": "worker-1", "workflow_execution": 5,
    "workflow_ref": "web.deploy", "workflows": ["web.deploy"],
}  # fmt: skip
"""By the name of a field, wherever its schema takes the word."""

OF_MODELS: dict[str, dict[str, Any]] = {
    "Execution": {"status": "completed", "error": None}, "ExecutionSummary": {"status": "running"},
    "Run": {"status": "running", "error": None}, "RunSummary": {"status": "running"}, "Task": {"status": "completed"},
    "Inquiry": {"status": "pending", "response": None, "responded_by": None}, "Token": {"role": "operator"},
    "Event": {"id": 31, "status": "processed"}, "Enforcement": {"status": "completed"},
    "IncidentSummary": {"kind": "journal_limit", "status": "open"},
    "Incident": {"kind": "journal_limit", "status": "open"},
    "PackSummary": {"ref": "web"}, "Pack": {"ref": "web"}, "Rule": {"ref": "web.on_push", "action": "web.deploy"},
    "Trigger": {"ref": "web.pushed"}, "Action": {"ref": "web.build"}, "Policy": {"ref": "web.one_at_a_time"},
    "AuditEntry": {"action": "execution.start", "outcome": "done", "subject": "17"},
    "DeadLetterSummary": {"status": "new"}, "Sensor": {"ref": "web.watcher"}, "Identity": {"kind": "user"},
}  # fmt: skip
"""Fields that mean something else there."""

PROBLEMS: dict[int, tuple[str, str, str]] = {
    400: ("bad_json", "the body is not JSON: unexpected end at line 1, column 12", ""),
    401: ("unauthenticated", "a valid token is needed", "send `Authorization: Bearer att_<id>_<secret>`"),
    403: ("forbidden", "this needs the right `run`", "`attune whoami` shows which rights you have"),
    404: ("not_found", "there is no such thing, or you may not see it", ""),
    408: ("request_timeout", "the body came too slowly", "send it again"),
    409: ("conflict", "its present state does not allow this", "look at it, then decide again"),
    410: ("gone", "the time of this inquiry is over", ""),
    412: ("precondition_failed", "it was changed meanwhile", "read it again, and send If-Match with its new ETag"),
    413: ("too_large", "the body has more than 1048576 bytes", ""),
    415: ("unsupported_media_type", "the content type text/plain is not accepted", "send application/json"),
    422: ("invalid", "body.parameters.release: is required", ""),
    429: ("too_many_requests", "too many attempts; try again in a minute", "the header Retry-After tells when"),
    503: ("database_unavailable", "the database does not answer", "the header Retry-After tells when to try again"),
}  # fmt: skip


def problems() -> dict[str, Any]:
    """An example of every status of refusal, for `components/examples`."""
    return {f"Problem{status}": {"summary": FAMILY[status].title, "value": _problem(status)} for status in PROBLEMS}


def _problem(status: int) -> dict[str, Any]:
    code, detail, hint = PROBLEMS[status]
    place, _, message = detail.partition(": ")
    errors = [{"path": place, "message": message, "hint": hint}] if status == 422 else []
    shown = {"type": f"urn:attune:problem:{code}", "title": FAMILY[status].title, "status": status, "code": code,
             "detail": detail, "errors": errors, "request_id": "01hq8z5x"}  # fmt: skip
    return {**shown, "hint": hint} if hint else shown


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Something that `schema` takes."""
    return _made(schema, schemas, "", "", 0)


def _made(schema: Mapping[str, Any], schemas: Mapping[str, Any], model: str, name: str, depth: int) -> Any:
    for value in (OF_MODELS.get(model, {}).get(name, ...), WORDS.get(name, ...)):
        if value is not ... and _takes(schema, schemas, value):
            return value
    if "$ref" in schema:
        inner = str(schema["$ref"]).rpartition("/")[2]
        return _made(schemas[inner], schemas, inner, "", depth)
    if "anyOf" in schema:
        return _of_choice(schema["anyOf"], schemas, model, name, depth)
    if "default" in schema:
        return schema["default"]
    return _by_type(schema, schemas, model, depth)


def _of_choice(choices: list[Any], schemas: Mapping[str, Any], model: str, name: str, depth: int) -> Any:
    """Nothing, where nothing may stand; the story says more where it has a word."""
    if any(choice.get("type") == "null" for choice in choices):
        return None
    return _made(choices[0], schemas, model, name, depth)


def _by_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], model: str, depth: int) -> Any:
    if "enum" in schema or "const" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: _made(inner, schemas, model, name, depth + 1) for name, inner in fields.items()}
        case "array":
            return [] if depth > _DEPTH else [_made(schema.get("items", {}), schemas, model, "", depth + 1)]
        case "string":
            return _TIME if schema.get("format") == "date-time" else "…"
        case "integer" | "number":
            return max(1, int(schema.get("minimum", 0)))
        case "boolean":
            return False
        case _:
            return {}


def _takes(schema: Mapping[str, Any], schemas: Mapping[str, Any], value: Any) -> bool:
    """Whether a word of the table is of the right kind here."""
    if "$ref" in schema:
        return _takes(schemas[str(schema["$ref"]).rpartition("/")[2]], schemas, value)
    if "anyOf" in schema:
        return any(_takes(choice, schemas, value) for choice in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    return "type" not in schema or schema["type"] in _KINDS[type(value)]


_KINDS: dict[type, tuple[str, ...]] = {
    str: ("string",), int: ("integer", "number"), float: ("number",), bool: ("boolean",), dict: ("object",),
    list: ("array",), type(None): ("null",),
}  # fmt: skip
