"""What an action may know of the execution it runs in, read from the environment that the worker sets."""

from __future__ import annotations

import os

_VARIABLES = {
    "action": "ATTUNE_ACTION",
    "pack": "ATTUNE_PACK_REF",
    "pack_dir": "ATTUNE_PACK_DIR",
    "api_url": "ATTUNE_API_URL",
    "api_token": "ATTUNE_API_TOKEN",
    "artifacts_dir": "ATTUNE_ARTIFACTS_DIR",
    "rule": "ATTUNE_RULE",
    "trigger": "ATTUNE_TRIGGER",
    "idempotency_key": "ATTUNE_IDEMPOTENCY_KEY",
    "trace_id": "ATTUNE_TRACE_ID",
}


class Context:
    """The running execution.

    `idempotency_key` is the same over all attempts; `artifacts_dir` is a folder of the attempt's own; `rule` and
    `trigger` are empty unless a rule started it. Outside of the platform `execution_id` is 0, the texts are empty.
    (A plain class: the dataclasses module would double the start of every action.)
    """

    action: str
    pack: str
    pack_dir: str
    api_url: str
    api_token: str
    artifacts_dir: str
    rule: str
    trigger: str
    idempotency_key: str
    trace_id: str

    def __init__(self, execution_id: int = 0, **texts: str) -> None:
        if unknown := set(texts) - set(_VARIABLES):
            raise TypeError(f"a context has no {', '.join(sorted(unknown))}")
        self.execution_id = execution_id
        for field in _VARIABLES:
            setattr(self, field, texts.get(field, ""))


def context() -> Context:
    """The context of this process."""
    texts = {field: os.environ.get(name, "") for field, name in _VARIABLES.items()}
    number = os.environ.get("ATTUNE_EXEC_ID", "")
    return Context(int(number) if number.isdigit() else 0, **texts)
