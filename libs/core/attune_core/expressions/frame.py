"""The state of one rendering: what is left of its fuel, its scope and its local names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from attune_core.expressions.failures import ExpressionError, fail
from attune_core.expressions.limits import CHARS_PER_UNIT_SHIFT, FUEL, OUTPUT_CHARS, RESULT_INT, VALUE_DEPTH
from attune_core.expressions.scope import Scope

UNITS_PER_LEVEL = 4
_TOGETHER = "The templates that are rendered at this moment do more work together than templates may"


class Unset:
    """A local name that has not been set yet."""


UNSET: Final = Unset()


class Frame:
    """Passed to every compiled part.

    `line` is the line of the template that is being rendered, `given` the large values given out so far.
    """

    __slots__ = ("fuel", "given", "line", "scope", "slots")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.fuel = FUEL
        self.slots: list[Any] = []
        self.given: dict[int, Any] = {}
        self.line = 0

    def charge(self, units: int) -> None:
        self.fuel -= units
        if self.fuel < 0:
            raise exhausted()

    def text(self, value: str) -> str:
        """Charge for text that was made, and refuse it when it is too long."""
        size = len(value)
        if size > 64:
            self.room(size)
        return value

    def room(self, size: int) -> None:
        """Charge for text of `size` characters before it is made."""
        if size > OUTPUT_CHARS:
            fail("too_long", f"Text of {size} characters is longer than the limit of {OUTPUT_CHARS}")
        self.charge(size >> CHARS_PER_UNIT_SHIFT)


Run: TypeAlias = Callable[[Frame], Any]


def evaluate(run: Run, scope: Scope) -> Any:
    """One rendering, within what is left for the decision that it belongs to. Errors: ExpressionError."""
    frame, meter = Frame(scope), scope.meter
    if meter is None:
        return run(frame)
    if meter.left < FUEL:
        frame.fuel = meter.left
    before = frame.fuel
    try:
        return run(frame)
    except ExpressionError as error:
        if error.code == "fuel_exhausted" and before < FUEL:
            frame.fuel = 0
            raise exhausted(_TOGETHER).within(error.expression, error.line) from None
        raise
    finally:
        meter.left = max(0, meter.left - before + frame.fuel)


def exhausted(work: str = "The template does more work than a template may") -> ExpressionError:
    return ExpressionError(
        work, code="fuel_exhausted", hint="do it in an action: templates are for small changes of shape"
    )


def check_integer(value: int) -> None:
    if not -RESULT_INT <= value < RESULT_INT:
        fail("number_too_big", "A result has a number of more than 64 bits", "write it as text: | string")


def measure(frame: Frame, value: Any) -> None:
    """Charge for a walk over all of `value`, as a tree: what is shared counts each time it is reached.

    Errors: ExpressionError when it is too big or nested deeper than JSON may be.
    """
    level = [value]
    depth = 0
    frame.charge(1)
    while level:
        level = _children(frame, level)
        depth += 1
        if depth > VALUE_DEPTH:
            fail("too_deep", f"A value is nested deeper than {VALUE_DEPTH} levels")


def _children(frame: Frame, level: list[Any]) -> list[Any]:
    """Charged before anything is copied: what is shared may be reached any number of times."""
    below: list[Any] = []
    chars = 0
    frame.charge(UNITS_PER_LEVEL)
    for value in level:
        kind = type(value)
        if kind is str:
            chars += len(value)
        elif kind is int:
            check_integer(value)
        elif kind is list or kind is tuple:
            frame.charge(1 + len(value))
            below.extend(value)
        elif kind is dict or isinstance(value, Mapping):
            frame.charge(2 + len(value))
            below.extend(value.values())
            chars += sum(map(len, value))
    frame.charge(chars >> CHARS_PER_UNIT_SHIFT)
    return below
