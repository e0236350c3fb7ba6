"""`policies/*.yaml`: how many executions of an action may run, how many may start, how often one tries again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_core.definition.check_actions import check_action_ref
from attune_core.definition.fields import Fields
from attune_core.definition.known import Known
from attune_core.definition.limits import MAX_RETRIES, MAX_SECONDS
from attune_core.expressions.render import ExpressionError
from attune_core.model.names import REF
from attune_core.model.policy import Backoff
from attune_core.packs.keys import CONCURRENCY, LIMITS, MOST_AT_ONCE, POLICY, POLICY_RETRY, RATE_LIMIT
from attune_core.packs.reading import PackFile, check_owner, read_ref, stem_of
from attune_core.policies.grouping import group, retried_error
from attune_core.policies.spec import Concurrency, Limits, OnLimit, Per, PolicySpec, RateLimit, RetryLimit

_MEANINGLESS: Final = "a policy without `concurrency`, `rate_limit` or `retry` says nothing"


def read_policy(opened: PackFile, pack: str, known: Known) -> PolicySpec:
    fields = opened.fields
    fields.only(POLICY)
    ref = read_ref(fields, pack, "policy", stem_of(opened.file))
    action = _action(fields, pack, known)
    if not any(fields.has(name) for name in LIMITS):
        fields.findings.error((), "missing_key", _MEANINGLESS, "write `concurrency: {limit: 1}`")
    return PolicySpec(
        ref=ref,
        label=fields.text("label") or ref,
        description=fields.text("description"),
        action_ref=action,
        limits=Limits(_concurrency(fields, action, known), _rate(fields, action, known), _retry(fields)),
        enabled=fields.flag("enabled", True),
    )


def _action(fields: Fields, pack: str, known: Known) -> str:
    if not fields.has("action"):
        fields.findings.error((), "missing_key", "the policy has no `action`", f"write `action: {pack or 'PACK'}.NAME`")
        return ""
    ref = fields.matching("action", REF, "invalid_ref", "the ref of an action such as `shop.deploy`") or ""
    if ref:
        check_owner(ref, pack, fields.at("action"), fields.findings)
        check_action_ref(ref, fields.at("action"), known, fields.findings)
    return ref


def _concurrency(policy: Fields, action: str, known: Known) -> Concurrency | None:
    fields = policy.child("concurrency", CONCURRENCY)
    if fields is None:
        return None
    return Concurrency(_limit(fields), _group(fields, action, known), _on_limit(fields))


def _rate(policy: Fields, action: str, known: Known) -> RateLimit | None:
    fields = policy.child("rate_limit", RATE_LIMIT)
    if fields is None:
        return None
    if not fields.has("per"):
        fields.findings.error(fields.path, "missing_key", "`rate_limit` has no `per`", "write `per: minute`")
    per = fields.choice("per", Per, Per.MINUTE)
    return RateLimit(_limit(fields), per, _group(fields, action, known), _on_limit(fields))


def _retry(policy: Fields) -> RetryLimit | None:
    fields = policy.child("retry", POLICY_RETRY)
    if fields is None:
        return None
    if not fields.has("count"):
        fields.findings.error(fields.path, "missing_key", "`retry` has no `count`", "write `count: 3`")
    return RetryLimit(
        count=fields.integer("count", 0, MAX_RETRIES) or 0,
        delay=fields.number("delay", 0, MAX_SECONDS) or 0.0,
        backoff=fields.choice("backoff", Backoff, Backoff.CONSTANT),
        max_delay=fields.number("max_delay", 0, MAX_SECONDS),
        jitter=fields.number("jitter", 0, 1) or 0.0,
        on_error=_on_error(fields),
    )


def _limit(fields: Fields) -> int:
    if not fields.has("limit"):
        name = fields.path[-1]
        fields.findings.error(fields.path, "missing_key", f"`{name}` has no `limit`", "write `limit: 1`")
    return fields.integer("limit", 1, MOST_AT_ONCE) or 1


def _on_limit(fields: Fields) -> OnLimit:
    return fields.choice("on_limit", OnLimit, OnLimit.QUEUE)


def _group(fields: Fields, action: str, known: Known) -> str | None:
    if not fields.has("group_by"):
        return None
    template = fields.text("group_by")
    path = fields.at("group_by")
    if isinstance(fields.get("group_by"), str) and "{{" not in template and "{%" not in template:
        hint = f'write "{{{{ parameters.{template} }}}}"' if template.isidentifier() else "write a template"
        fields.findings.error(path, "wrong_type", "`group_by` is a template over the parameters", hint)
        return None
    if not template:
        return None
    try:
        reads = group(template).reads
    except ExpressionError as error:
        fields.findings.error(path, error.code, error.message, error.hint)
        return None
    for name in sorted(reads.parameters - _declared(known.actions.get(action), reads.parameters)):
        message = f"`{action}` has no parameter `{name}`"
        fields.findings.error(path, "unknown_parameter", message, "group by one that it has")
    return template


def _declared(schema: Mapping[str, Any] | None, asked: frozenset[str]) -> frozenset[str]:
    """Those that the schema knows; all of them when it takes any."""
    if schema is None or schema.get("additionalProperties", True) is not False:
        return asked
    return frozenset(schema.get("properties", {}))


def _on_error(fields: Fields) -> str | bool | None:
    raw = fields.get("on_error")
    if raw is None or isinstance(raw, bool):
        return raw
    if not isinstance(raw, str):
        fields.wrong("on_error", "a condition", "write `on_error: error.type == 'timeout'`")
        return None
    try:
        retried_error(raw)
    except ExpressionError as error:
        fields.findings.error(fields.at("on_error"), error.code, error.message, error.hint)
    return raw
