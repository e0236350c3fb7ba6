"""Which executions of an action share a limit: those for which `group_by` gives the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from attune_core.expressions.markers import holds_secret
from attune_core.expressions.render import Condition, ExpressionError, Value, compile_condition, compile_value
from attune_core.expressions.scope import Scope

ALL: Final = ""
"""The key of an action that is not grouped."""
_LONGEST: Final = 200


@lru_cache(maxsize=500)
def group(template: str) -> Value:
    """Errors: ExpressionError, also when it reads anything but `parameters`."""
    compiled = compile_value(template)
    reads = compiled.reads
    if reads.tasks or reads.vars or reads.kv_keys or reads.secret_keys or reads.uses_item or reads.uses_result:
        hint = "write for example {{ parameters.environment }}"
        raise ExpressionError("`group_by` can read `parameters` alone", code="unknown_scope", hint=hint)
    return compiled


def key_of(template: str | None, parameters: Mapping[str, Any]) -> str:
    """The key for these parameters. Errors: ExpressionError."""
    if template is None:
        return ALL
    value = group(template).render(Scope(parameters=parameters, sealed=True))
    if holds_secret(value):
        hint = "group by a parameter that is not secret"
        raise ExpressionError("`group_by` reads a secret", code="forbidden_secret", hint=hint)
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 65]}~{sha256(text.encode()).hexdigest()}"


@lru_cache(maxsize=500)
def retried_error(condition: str) -> Condition:
    """Errors: ExpressionError."""
    return compile_condition(condition)
