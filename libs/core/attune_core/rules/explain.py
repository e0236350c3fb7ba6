"""What each criterion of a rule says of an event: all of them, also those that no longer decide anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attune_core.rules.criteria import Criteria, Every, Negated, Search, Some, Test, When, read_criteria
from attune_core.rules.match import Run, match
from attune_core.rules.paths import look_up
from attune_core.rules.scope import scope_of

_MOST_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """`place` is where it stands in the criteria, `depth` how deep; `sentence` what it says and what it found."""

    place: str
    depth: int
    matched: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`reason` is the one that an enforcement keeps."""

    matched: bool
    reason: str
    lines: tuple[Line, ...] = ()


def explain(
    criteria: Any,
    event: Mapping[str, Any],
    *,
    pack_config: Mapping[str, Any] | None = None,
    system: Mapping[str, Any] | None = None,
    now: str = "",
) -> Explanation:
    """The verdict of `match` with every line of the criteria, which must be readable. Never raises."""
    verdict = match(criteria, event, pack_config=pack_config, system=system, now=now)
    tree, faults = read_criteria(criteria) if criteria else (None, [])
    if tree is None or faults:
        return Explanation(verdict.matched, verdict.reason)
    lines = _lines(Run(scope_of(event, pack_config, system, now)), tree, "", 0)
    return Explanation(verdict.matched, verdict.reason, tuple(lines))


def _lines(run: Run, criteria: Criteria, place: str, depth: int) -> Iterator[Line]:
    matched, sentence = _said(run, criteria)
    yield Line(place or "criteria", depth, matched, sentence)
    for inner, part, within in _parts(run, criteria, place):
        yield from _lines(within, part, inner, depth + 1)


def _said(run: Run, criteria: Criteria) -> tuple[bool, str]:
    try:
        verdict = run.test(criteria)
    except (RecursionError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        return False, f"could not be tested: {type(error).__name__}"
    match criteria:
        case Every():
            return verdict.matched, "all of these"
        case Some():
            return verdict.matched, "one of these"
        case Negated():
            return verdict.matched, "not this" if verdict.tested else verdict.explain()
        case Test() | Search() | When():
            return verdict.matched, verdict.explain()


def _parts(run: Run, criteria: Criteria, place: str) -> Iterator[tuple[str, Criteria, Run]]:
    match criteria:
        case Every(parts):
            yield from ((_inside(place, "all", number), part, run) for number, part in enumerate(parts))
        case Some(parts):
            yield from ((_inside(place, "any", number), part, run) for number, part in enumerate(parts))
        case Negated(part):
            yield f"{place}.not".lstrip("."), part, run
        case Search():
            found = look_up(run.roots, criteria.steps)
            for number, item in enumerate(found[:_MOST_ITEMS] if isinstance(found, list) else []):
                yield f"{place} item {number}".strip(), criteria.inner, Run(run.scope, {"item": item})
        case Test() | When():
            return


def _inside(place: str, key: str, number: int) -> str:
    return f"{place}.{key}[{number}]".lstrip(".")
