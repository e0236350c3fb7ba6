"""What rules say of events: a sentence each, and of a match the parameters for its action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from attune_common.store.connection import Row
from attune_common.store.events_matching import Enforcement, Rules
from attune_common.vault.envelope import Sealed
from attune_core.access.rights import Rights
from attune_core.access.roles import Permission
from attune_core.expressions.markers import decode
from attune_core.expressions.render import ExpressionError
from attune_core.expressions.scope import Scope
from attune_core.model.names import pack_of
from attune_core.rules.match import match_in, parameters_in
from attune_core.rules.scope import scope_of

_Finding = tuple[bool, str, dict[str, Any]]
"""Whether the rule matched, why (not), and the parameters for its action."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of an event, and the parameters for its action when it matched; `sealed`: what they hide."""

    rule: Row
    event: Row
    enforcement: Enforcement
    parameters: dict[str, Any]
    sealed: tuple[Sealed, ...] = ()

    @property
    def matched(self) -> bool:
        return self.enforcement.matched

    def followed_by(self, execution: int) -> Verdict:
        return replace(self, enforcement=replace(self.enforcement, execution=execution))

    def refused(self, reason: str) -> Verdict:
        """The same with a reason why nothing follows from it."""
        return replace(self, enforcement=replace(self.enforcement, matched=False, reason=reason))


class Judge:
    """`now`: ISO 8601. `held`: the rights of the rules' owners. `depth`: events that come of so many others match
    nothing. What rules see is made once for each pair of an event and a pack."""

    def __init__(self, now: str, held: Mapping[int | None, Rights], depth: int) -> None:
        self._now, self._held, self._depth = now, held, depth
        self._scopes: dict[tuple[int, str | None], Scope] = {}

    def all_of(self, event: Row, rules: Rules) -> Iterator[Verdict]:
        """Of the rules of its trigger. A tick of a rule's own timer is for that rule alone."""
        own = event["source"].get("rule")
        return (self._verdict(rule, event, rules) for rule in rules.rules if own in (None, rule["ref"]))

    def _verdict(self, rule: Row, event: Row, rules: Rules) -> Verdict:
        matched, reason, parameters = self._judge(rule, event, rules)
        if matched and not self._held[rule["owner"]].may(Permission.RUN, pack_of(rule["action_ref"])):
            matched, reason = False, f"matched, but the rule's owner may not run {rule['action_ref']}"
        return Verdict(rule, event, Enforcement(rule["id"], rule["ref"], event["id"], matched, reason), parameters)

    def _judge(self, rule: Row, event: Row, rules: Rules) -> _Finding:
        if event["depth"] >= self._depth:
            return False, f"the event came of {self._depth} others: a chain of rules that does not end", {}
        scope = self._scope(rule, event, rules)
        found = match_in(scope, rule["criteria"])
        if not found.matched:
            return False, found.reason, {}
        try:
            parameters = parameters_in(scope, rule["action_params"])
        except ExpressionError as problem:
            return False, f"matched, but the parameters cannot be rendered: {problem.message}", {}
        return True, found.reason, parameters

    def _scope(self, rule: Row, event: Row, rules: Rules) -> Scope:
        key = (event["id"], rule["pack_ref"])
        if key not in self._scopes:
            config = rules.configs.get(rule["pack_ref"], {})
            self._scopes[key] = scope_of(_seen(event), config, {"trace_id": event["trace_id"]}, self._now)
        return self._scopes[key]


def _seen(event: Row) -> dict[str, Any]:
    return {
        "id": event["id"],
        "trigger": event["trigger_ref"],
        "payload": decode(event["payload"], event["secrets"]),
        "created": event["created"].isoformat(),
        "source": event["source"],
    }
