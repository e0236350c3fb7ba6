"""Does a rule match an event, and why (not)?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, assert_never

import orjson

from attune_core.errors import AttuneError
from attune_core.expressions.markers import holds_secret
from attune_core.expressions.render import ExpressionError
from attune_core.expressions.scope import MISSING, FactsMissing, Scope
from attune_core.model.names import shown
from attune_core.rules.criteria import Criteria, Every, Negated, Search, Some, Test, When, read_criteria
from attune_core.rules.operators import (
    ABSENT_IS_NULL,
    OPERATORS,
    TIME_OPERATORS,
    OperandError,
    compare_time,
)
from attune_core.rules.paths import look_up
from attune_core.rules.patterns import PatternError
from attune_core.rules.scope import rule_value, scope_of

_NO_DATASTORE: Final = "the datastore cannot be read in a rule"


class CriteriaError(AttuneError):
    """Stored criteria that cannot be read; they were refused when the rule was saved."""

    code = "invalid_criteria"


@dataclass(frozen=True, slots=True)
class Match:
    """`reason` is a sentence for people: which criterion failed and what it found, or that all hold."""

    matched: bool
    reason: str

    def __bool__(self) -> bool:
        return self.matched


def match(
    criteria: Mapping[str, Any] | list[Any] | None,
    event: Mapping[str, Any],
    *,
    pack_config: Mapping[str, Any] | None = None,
    system: Mapping[str, Any] | None = None,
    now: str = "",
) -> Match:
    """Test an event `{"id", "trigger", "payload", "created"}` against the criteria of a rule.

    Never raises: a criterion that cannot be tested counts as not matched, under `not` too, and the reason says so.
    `now` (ISO 8601) is what `timediff_*` and `now()` measure from; default: when the event was created.
    """
    return match_in(scope_of(event, pack_config, system, now), criteria)


def match_in(scope: Scope, criteria: Mapping[str, Any] | list[Any] | None) -> Match:
    """The same for whoever asks many rules of one event: the scope is that of `scope_of`."""
    if not criteria:
        return Match(True, "the rule has no criteria")
    try:
        verdict = Run(scope).test(_compiled(criteria))
        return Match(verdict.matched, verdict.explain())
    except CriteriaError as error:
        return Match(False, f"the criteria cannot be read: {error.message}")
    except (RecursionError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        return Match(False, f"the criteria could not be tested: {type(error).__name__}")


def render_parameters(
    action_params: Mapping[str, Any] | None,
    event: Mapping[str, Any],
    *,
    pack_config: Mapping[str, Any] | None = None,
    system: Mapping[str, Any] | None = None,
    now: str = "",
) -> dict[str, Any]:
    """The parameters for the rule's action. Errors: ExpressionError, which names the template."""
    return parameters_in(scope_of(event, pack_config, system, now), action_params)


def parameters_in(scope: Scope, action_params: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same in a scope that was made before. Errors: ExpressionError."""
    if not action_params:
        return {}
    try:
        rendered = rule_value(action_params).render(scope)
    except FactsMissing:
        raise ExpressionError(_NO_DATASTORE, code="no_datastore", hint="read it in the workflow") from None
    return dict(rendered)


def _compiled(criteria: Mapping[str, Any] | list[Any]) -> Criteria:
    try:
        return _compiled_text(orjson.dumps(criteria))
    except TypeError as error:
        raise CriteriaError(str(error)) from None


@lru_cache(maxsize=10_000)
def _compiled_text(text: bytes) -> Criteria:
    tree, faults = read_criteria(orjson.loads(text))
    if faults:
        raise CriteriaError(faults[0].message, hint=faults[0].hint)
    return tree


@dataclass(slots=True)
class _Verdict:
    """A Match whose sentence is only made when somebody reads it. Not `tested`: neither true nor false is known."""

    matched: bool
    explain: Callable[[], str]
    tested: bool = True


class Run:
    """One test of one event. `roots` are the names that paths start with."""

    def __init__(self, scope: Scope, roots: Mapping[str, Any] | None = None) -> None:
        self.scope = scope
        self.roots = scope.extra if roots is None else roots

    def test(self, criteria: Criteria) -> _Verdict:
        match criteria:
            case Test():
                return self._one(criteria)
            case Search():
                return self._search(criteria)
            case Every():
                return self._every(criteria)
            case Some():
                return self._some(criteria)
            case Negated():
                inner = self.test(criteria.part)
                return _Verdict(inner.tested and not inner.matched, lambda: f"not: {inner.explain()}", inner.tested)
            case When():
                return self._when(criteria)
            case _:
                assert_never(criteria)

    def _every(self, criteria: Every) -> _Verdict:
        untested: _Verdict | None = None
        for part in criteria.parts:
            found = self.test(part)
            if found.tested and not found.matched:
                return found
            untested = untested or (None if found.tested else found)
        if untested is not None:
            return untested
        count = len(criteria.parts)
        return _Verdict(True, lambda: "the criterion holds" if count == 1 else f"all {count} criteria hold")

    def _some(self, criteria: Some) -> _Verdict:
        failed: list[_Verdict] = []
        for part in criteria.parts:
            found = self.test(part)
            if found.matched:
                return found
            failed.append(found)
        tested = all(one.tested for one in failed)
        return _Verdict(False, lambda: "none holds: " + "; ".join(one.explain() for one in failed[:5]), tested)

    def _when(self, criteria: When) -> _Verdict:
        source = criteria.condition.source
        try:
            matched = criteria.condition.test(self.scope)
        except ExpressionError as error:
            return _untested(f"`{shown(source, 120)}`", error.message)
        except FactsMissing:
            return _untested(f"`{shown(source, 120)}`", _NO_DATASTORE)
        return _Verdict(matched, lambda: f"`{shown(source, 120)}` is {'true' if matched else 'false'}")

    def _one(self, test: Test) -> _Verdict:
        found = look_up(self.roots, test.steps)
        try:
            wanted = test.value if test.template is None else test.template.render(self.scope)
            matched = self._compare(test.operator, found, wanted)
        except (OperandError, PatternError) as error:
            return _untested(_sentence(test, test.value), str(error))
        except ExpressionError as error:
            return _untested(_sentence(test, test.value), error.message)
        except FactsMissing:
            return _untested(_sentence(test, test.value), _NO_DATASTORE)
        if matched:
            return _Verdict(True, lambda: f"{_sentence(test, wanted)} holds")
        return _Verdict(False, lambda: f"{_sentence(test, wanted)} does not hold: {_found(found)}")

    def _compare(self, operator: str, found: Any, wanted: Any) -> bool:
        if operator in ("exists", "nexists"):
            return (found is not MISSING and found is not None) is (operator == "exists")
        if found is MISSING:
            if operator not in ABSENT_IS_NULL:
                return False
            found = None
        if holds_secret(found) or holds_secret(wanted):
            raise OperandError("it is a secret, which can be passed on and not compared")
        if operator in TIME_OPERATORS:
            return compare_time(operator, found, wanted, self.scope.now)
        return OPERATORS[operator](found, wanted)

    def _search(self, search: Search) -> _Verdict:
        found = look_up(self.roots, search.steps)
        if not isinstance(found, list):
            return _Verdict(False, lambda: f"`{shown(search.written)}` is no list: {_found(found)}")
        matched, tested = self._elements(search, found)
        how = "every element" if search.every else "an element"
        fits = "fits" if matched else "does not fit"
        return _Verdict(matched, lambda: f"{how} of `{shown(search.written)}` {fits}", tested)

    def _elements(self, search: Search, found: list[Any]) -> tuple[bool, bool]:
        """(matched, tested): one element can decide it, whatever is not known of the others."""
        tested = True
        for item in found:
            one = Run(self.scope, {"item": item}).test(search.inner)
            if one.tested and one.matched is not search.every:
                return one.matched, True
            tested = tested and one.tested
        return search.every and tested, tested


def _untested(what: str, why: str) -> _Verdict:
    return _Verdict(False, lambda: f"{what} could not be tested: {why}", tested=False)


def _sentence(test: Test, wanted: Any) -> str:
    if test.operator in ("exists", "nexists"):
        return test.said
    return f"{test.said} {_json(wanted)}"


def _found(value: Any) -> str:
    return "it does not exist" if value is MISSING else f"it is {_json(value)}"


def _json(value: Any) -> str:
    try:
        return shown(orjson.dumps(value).decode(), 80)
    except TypeError:
        return "a value that is not JSON"
