"""Every key of a pack's own files: the tables that the parser and the JSON Schema are made from."""

from __future__ import annotations

import re
from typing import Final

from attune_core.definition.limits import MAX_RETRIES, MAX_SECONDS
from attune_core.model.action import Runtime
from attune_core.model.dependency import DEPENDENCY
from attune_core.model.keys import (
    ANYTHING,
    CONDITION,
    FLAG,
    MAP,
    TEMPLATE,
    TEXT,
    Key,
    Keys,
    choice,
    either,
    matching,
    number,
    part,
    whole,
)
from attune_core.model.names import PACK_REF, REF, VERSION
from attune_core.model.policy import Backoff
from attune_core.model.rate import MOST, PERIODS
from attune_core.model.sensor import SensorRuntime
from attune_core.model.sizes import SIZE
from attune_core.model.trigger import TriggerKind
from attune_core.policies.spec import OnLimit, Per
from attune_core.timers.definition import CatchUp
from attune_core.webhooks.schemes import HEADER_NAME, Scheme

WRITABLE: Final = tuple(runtime for runtime in Runtime if runtime is not Runtime.WORKFLOW)
SIGNATURES: Final = tuple(scheme.value for scheme in Scheme)
WEBHOOK_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}\Z", re.ASCII)
MOST_SECRETS: Final = 2
MOST_AT_ONCE: Final = 100_000
MOST_BYTES: Final = 2**50

_TEXT: Final = {"type": "string", "minLength": 1}
_DURATION: Final = either({"type": "number", "exclusiveMinimum": 0}, _TEXT)
_SECRETS: Final = either(_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_SECRETS})

MANIFEST: Final[Keys] = {
    "ref": Key(matching(PACK_REF), "The pack's name; what it holds is called `<ref>.<name>`.", required=True),
    "label": Key(TEXT, "A short title for people."),
    "description": Key(TEXT, "What the pack is for."),
    "version": Key(matching(VERSION), "A semantic version; 1.0.0 when absent."),
    "dependencies": Key(
        {"type": "array", "items": matching(DEPENDENCY)}, "The packs that this one uses, such as `core >=1.2`."
    ),
    "config": Key(part("schema"), "The settings of the pack: `name: {type, default, ...}` or a JSON Schema."),
    "author": Key(ANYTHING, "Who wrote it."),
    "email": Key(ANYTHING, "Where to reach them."),
    "homepage": Key(ANYTHING, "Where to read more."),
    "keywords": Key(ANYTHING, "Words to find it by."),
    "license": Key(ANYTHING, "Under which terms it may be used."),
    "tags": Key(ANYTHING, "Words to find it by."),
}
METADATA: Final[Keys] = {
    "ref": Key(matching(REF), "The full name: pack, dot, name.", required=True),
    "label": Key(TEXT, "A short title for people."),
    "description": Key(TEXT, "What it does, in a sentence or more."),
    "enabled": Key(FLAG, "Whether it may be used; true when absent."),
    "tags": Key(ANYTHING, "Words to find it by."),
}
RUNTIME: Final[Keys] = {
    "runtime": Key(choice(WRITABLE), "What performs the action. Told by the entry point when absent."),
    "runner_type": Key(choice(WRITABLE), "Another name of `runtime`."),
}
SPEC: Final[Keys] = {
    "timeout": Key(number(0, MAX_SECONDS, above_low=True), "Seconds that one attempt may take."),
    "pool": Key(TEXT, "The pool of workers that runs it."),
    "idempotent": Key(FLAG, "Whether it may run again when its worker was lost."),
    "env": Key(part("environment"), "Further environment variables."),
    "limits": Key(part("limits"), "What a process of the action may use; never more than the worker allows."),
}
HTTP: Final[Keys] = {
    "url": Key(TEXT, "With the runtime http: what is called."),
    "method": Key(TEXT, "With the runtime http: GET when absent."),
    "headers": Key(ANYTHING, "With the runtime http: names and values."),
    "query": Key(ANYTHING, "With the runtime http: added to the URL."),
    "body": Key(ANYTHING, "With the runtime http: sent as text."),
    "json": Key(ANYTHING, "With the runtime http: sent as a JSON document."),
    "auth": Key(ANYTHING, "With the runtime http: `{token}` or `{username, password}`."),
    "expected_status": Key(ANYTHING, "With the runtime http: a status or a list of them."),
    "follow_redirects": Key(ANYTHING, "With the runtime http: true when absent."),
    "verify": Key(ANYTHING, "With the runtime http: whether the certificate must be valid; true when absent."),
}
ACTION: Final[Keys] = {
    **METADATA,
    **RUNTIME,
    "entry_point": Key(TEXT, "The program: a file of the pack, for shell also a command line."),
    "parameters": Key(part("schema"), "What it takes: `name: {type, ...}` or a JSON Schema."),
    "output": Key(part("schema"), "What it gives: `name: {type, ...}` or a JSON Schema."),
    "output_schema": Key(part("schema"), "Another name of `output`."),
    **SPEC,
    **HTTP,
    "workflow_file": Key(TEXT, "The file of a workflow's tasks: the action is that workflow."),
}
TRIGGER: Final[Keys] = {
    **METADATA,
    "kind": Key(choice(TriggerKind), "Where its events come from; told by `webhook` or `timer` when absent."),
    "parameters": Key(part("schema"), "What a rule may set: `name: {type, ...}` or a JSON Schema."),
    "payload": Key(part("schema"), "What an event carries: `name: {type, ...}` or a JSON Schema."),
    "payload_schema": Key(part("schema"), "Another name of `payload`."),
    "webhook": Key(part("webhook"), "How a webhook is told apart and trusted."),
    "timer": Key(part("timer"), "When it fires."),
}
WEBHOOK: Final[Keys] = {
    "key": Key(matching(WEBHOOK_KEY), "The last part of its URL; the trigger's ref when absent."),
    "signature": Key(choice(SIGNATURES), "How the sender proves itself; `attune` when absent."),
    "secret": Key(_SECRETS, "What callers sign with; two while it is being changed."),
    "secret_key": Key(_SECRETS, "The secret of the pack (`attune secret set pack:PACK/NAME`) that holds it."),
    "secret_env": Key(_SECRETS, "The environment variable of the API that holds the secret."),
    "header": Key(matching(HEADER_NAME), "With the signature `token`: its header; X-Attune-Token when absent."),
    "dedup": Key(part("dedup"), "Where the number of a delivery stands, by which repeats are known."),
    "rate_limit": Key(part("rate"), "How many deliveries are taken; more are answered with 429."),
}
RATE: Final[Keys] = {
    "limit": Key(whole(1, MOST), "So many within that time.", required=True),
    "per": Key(choice(PERIODS), "Within any second, minute or hour.", required=True),
}
DEDUP: Final[Keys] = {
    "header": Key(matching(HEADER_NAME), "A header."),
    "path": Key(TEXT, "A path in the payload, such as `event.id`."),
}
TIMER: Final[Keys] = {
    "interval": Key(_DURATION, "Seconds between two firings, or a text such as `5m`."),
    "cron": Key(TEXT, "A cron expression of five fields, or of six with the seconds first."),
    "date": Key(TEXT, "One time, such as `2027-01-31 18:00`."),
    "timezone": Key(TEXT, "The zone of `cron` and `date`; UTC when absent."),
    "catch_up": Key(choice(CatchUp), "Which missed firings happen later; `last` when absent."),
}
SENSOR: Final[Keys] = {
    **METADATA,
    "runtime": Key(choice(SensorRuntime), "What runs it. Told by the entry point when absent."),
    "entry_point": Key(TEXT, "The program: a file of the pack; for Python also `file.py:Class`."),
    "poll": Key(_DURATION, "Seconds between two polls. Without it the sensor runs by itself."),
    "poll_timeout": Key(_DURATION, "Seconds that a poll may take; ten minutes when absent."),
    "triggers": Key({"type": "array", "items": matching(REF)}, "What it may emit; the pack's triggers when absent."),
    "parameters": Key(MAP, "What it is told; templates may read `pack.config`."),
    "env": Key(part("environment"), "Further environment variables."),
}
RULE: Final[Keys] = {
    **METADATA,
    "trigger": Key(matching(REF), "The trigger whose events it looks at.", required=True),
    "trigger_parameters": Key(MAP, "What it sets of the trigger."),
    "criteria": Key(
        either({"type": "array", "maxItems": 0}, {"type": "object", "maxProperties": 0}, part("criteria")),
        "What must hold of the event; without them every event counts.",
    ),
    "when": Key(CONDITION, "The criteria as an expression over `event`."),
    "action": Key(matching(REF), "The action or workflow that is run.", required=True),
    "parameters": Key(MAP, "Its parameters; templates may read `event`."),
    "rate_limit": Key(part("rate"), "How often it may start its action; events beyond that do not count."),
}
_GROUP: Final[Keys] = {
    "group_by": Key(TEMPLATE, "The limit is for those alone for which this template over `parameters` is the same."),
    "on_limit": Key(choice(OnLimit), "`queue` (default): wait for a turn. `refuse`: fail with `policy_refused`."),
}
POLICY: Final[Keys] = {
    **METADATA,
    "action": Key(matching(REF), "The action or workflow of this pack that it is about.", required=True),
    "concurrency": Key(part("concurrency"), "How many may run at once."),
    "rate_limit": Key(part("rate_limit"), "How many may start within a second, a minute or an hour."),
    "retry": Key(part("policy_retry"), "How a failed attempt is tried again, where no task says it."),
}
_BYTES: Final = either(whole(1, MOST_BYTES), matching(SIZE))
ACTION_LIMITS: Final[Keys] = {
    "memory": Key(_BYTES, "Of data, per process: bytes, or a text such as `512MiB`."),
    "cpu": Key(number(0, MAX_SECONDS, above_low=True), "Seconds of CPU time, per process."),
    "processes": Key(whole(1, 100_000), "Processes and threads of the action's user, beyond those that there are."),
    "files": Key(whole(16, 1_000_000), "Open files, per process."),
    "file_size": Key(_BYTES, "The largest file it may write: bytes, or a text such as `1GiB`."),
}
LIMITS: Final = ("concurrency", "rate_limit", "retry")
CONCURRENCY: Final[Keys] = {
    "limit": Key(whole(1, MOST_AT_ONCE), "How many may run at once.", required=True),
    **_GROUP,
}
RATE_LIMIT: Final[Keys] = {
    "limit": Key(whole(1, MOST_AT_ONCE), "How many may start within that time.", required=True),
    "per": Key(choice(Per), "Within a second, a minute or an hour.", required=True),
    **_GROUP,
}
POLICY_RETRY: Final[Keys] = {
    "count": Key(whole(0, MAX_RETRIES), "Retries after the first attempt.", required=True),
    "delay": Key(number(0, MAX_SECONDS), "Seconds before the first retry; 0 when absent."),
    "backoff": Key(choice(Backoff), "How the delay grows: constant (default), linear or exponential."),
    "max_delay": Key(number(0, MAX_SECONDS), "The longest delay, in seconds."),
    "jitter": Key(number(0, 1), "Spreads the delay by this fraction."),
    "on_error": Key(CONDITION, "A condition over `error`; false means no retry."),
}
PARTS: Final[dict[str, Keys]] = {
    "webhook": WEBHOOK,
    "dedup": DEDUP,
    "timer": TIMER,
    "rate": RATE,
    "limits": ACTION_LIMITS,
    "concurrency": CONCURRENCY,
    "rate_limit": RATE_LIMIT,
    "policy_retry": POLICY_RETRY,
}
