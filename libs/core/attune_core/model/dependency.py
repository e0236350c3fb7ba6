"""What a pack asks of other packs: `core`, or with bounds of the version `core >=1.2, <2`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_VERSION: Final = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}(?:-[0-9A-Za-z.-]{1,40})?"
_BOUND: Final = rf"(?:>=|<=|==|!=|=|>|<) *{_VERSION}"
DEPENDENCY: Final = re.compile(rf"[a-z0-9][a-z0-9_-]*(?: *{_BOUND}(?: *, *{_BOUND})*)?\Z", re.ASCII)
_REF: Final = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_PARTS: Final = re.compile(rf"(>=|<=|==|!=|=|>|<) *({_VERSION})", re.ASCII)
_RELEASE: Final = ((1, 0, ""),)
Order = tuple[tuple[int, ...], tuple[tuple[int, int, str], ...]]


@dataclass(frozen=True, slots=True)
class Dependency:
    """`bounds` are (operator, version), all of which must hold."""

    ref: str
    bounds: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.ref} {', '.join(operator + version for operator, version in self.bounds)}".strip()

    def allows(self, version: str) -> bool:
        return all(_holds(operator, order_of(version), order_of(bound)) for operator, bound in self.bounds)


def read_dependency(text: str) -> Dependency | None:
    """None when the text is none."""
    if not DEPENDENCY.match(text):
        return None
    ref = _REF.match(text)
    assert ref is not None
    return Dependency(ref[0], tuple((found[1], found[2]) for found in _PARTS.finditer(text, ref.end())))


def order_of(version: str) -> Order:
    """What versions are compared by; what comes before a release (`1.0.0-rc.1`) is below it."""
    release, dash, early = version.partition("+")[0].partition("-")
    numbers = tuple(int(part) for part in release.split(".") if part.isdigit())
    padded = numbers + (0,) * (3 - len(numbers))
    return padded, tuple(map(_early, early.split("."))) if dash else _RELEASE


def in_order(packs: Mapping[str, Iterable[Dependency]]) -> list[str]:
    """The refs, each after those that it needs; a circle is cut somewhere."""
    done: dict[str, bool] = {}

    def visit(ref: str) -> None:
        if ref in packs and ref not in done:
            done[ref] = False
            for one in sorted(packs[ref], key=str):
                visit(one.ref)
            done[ref] = done.pop(ref, True)

    for ref in sorted(packs):
        visit(ref)
    return list(done)


def circle(packs: Mapping[str, Iterable[Dependency]], start: str) -> tuple[str, ...]:
    """The shortest way from a pack over what packs need back to it, both ends included; empty when there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        for one in packs.get(way[-1], ()):
            if one.ref == start and len(way) > 1:
                return (*way, start)
            if one.ref not in seen:
                seen.add(one.ref)
                ways.append((*way, one.ref))
    return ()


def _early(part: str) -> tuple[int, int, str]:
    return (0, int(part), "") if part.isdigit() else (0, 2**63, part)


def _holds(operator: str, left: Order, right: Order) -> bool:
    match operator:
        case ">=":
            return left >= right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case "<":
            return left < right
        case "!=":
            return left != right
        case _:
            return left == right
