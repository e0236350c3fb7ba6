"""What templates and criteria of a rule see: the event, and the same payload under StackStorm's name `trigger`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_core.expressions.references import References
from attune_core.expressions.render import Condition, ExpressionError, Value, compile_condition, compile_value
from attune_core.expressions.scope import Scope

EXTRA_NAMES: Final = frozenset({"event", "trigger"})


def rule_value(raw: Any) -> Value:
    """Errors: ExpressionError."""
    value = compile_value(raw, EXTRA_NAMES)
    _check_reads(value.reads)
    return value


def rule_condition(raw: str) -> Condition:
    """Errors: ExpressionError."""
    condition = compile_condition(raw, EXTRA_NAMES)
    _check_reads(condition.reads)
    return condition


def _check_reads(reads: References) -> None:
    """A rule sees its event and the settings of its pack. Errors: ExpressionError."""
    if reads.kv_keys or reads.secret_keys:
        hint = "read it in the workflow that the rule starts"
        raise ExpressionError("the datastore cannot be read in a rule", code="no_datastore", hint=hint)


def roots_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The names that a path or a template may start with."""
    return {"event": event, "trigger": {"ref": event.get("trigger"), "payload": event.get("payload")}}


def scope_of(
    event: Mapping[str, Any],
    pack_config: Mapping[str, Any] | None = None,
    system: Mapping[str, Any] | None = None,
    now: str = "",
) -> Scope:
    return Scope(
        pack_config=pack_config or {},
        system=system or {},
        now=now or str(event.get("created") or ""),
        extra=roots_of(event),
    )
