"""JSON and YAML inside an expression, read and written within the bounds."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import yaml

from attune_core.expressions.arithmetic import is_clean
from attune_core.expressions.failures import ExpressionError, fail
from attune_core.expressions.frame import Frame, measure
from attune_core.expressions.limits import RESULT_INT, VALUE_DEPTH
from attune_core.expressions.values import number, plain

EVENT_UNITS = 20
WRITTEN_UNITS = 60
INTEGER = re.compile(r"[-+]?[0-9]{1,400}|0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,300}|[0-9]{1,300}(?:\.[0-9]{0,300})?)(?:[eE][-+]?[0-9]{1,4})?")
WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}


def read_json(frame: Frame, text: str) -> Any:
    """Errors: ExpressionError for what is not JSON, too deep, or holds what cannot be stored."""
    frame.charge(len(text) * 3 >> 2)
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except ExpressionError:
        raise
    except RecursionError:
        fail("too_deep", f"JSON is nested deeper than {VALUE_DEPTH} levels")
    except ValueError as error:
        fail("wrong_value", f"The text is not JSON: {str(error)[:100]}")
    measure(frame, value)
    if "\\u" in text and not is_clean(json.dumps(value, ensure_ascii=False).replace("\\u0000", "\0")):
        fail("wrong_value", "The JSON holds a character that cannot be stored")
    return value


def _no_constant(name: str) -> NoReturn:
    fail("wrong_value", f"{name} is not JSON")


def _finite(written: str) -> Any:
    return number(float(written))


def read_yaml(frame: Frame, text: str) -> Any:
    """One document with the scalars of YAML 1.2; no tags, anchors or repeated keys. Errors: ExpressionError."""
    try:
        return _Reader(frame, text).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark is not None else ""
        fail(
            "wrong_value",
            f"The text is not YAML{place}: {getattr(error, 'problem', None) or 'it cannot be read'}",
        )


class _Reader:
    """Builds values from the parser's events: constructors of the library recurse without a bound."""

    def __init__(self, frame: Frame, text: str) -> None:
        self.frame = frame
        self.events = yaml.parse(text, Loader=yaml.CSafeLoader)

    def next(self) -> Any:
        self.frame.charge(EVENT_UNITS)
        event = next(self.events)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            fail("wrong_value", "The YAML has anchors, which from_yaml does not read")
        if getattr(event, "tag", None) is not None:
            fail("wrong_value", "The YAML has tags, which from_yaml does not read")
        return event

    def document(self) -> Any:
        self.next()
        if isinstance(self.next(), yaml.StreamEndEvent):
            return None
        value = self.value(self.next(), VALUE_DEPTH)
        self.next()
        if not isinstance(self.next(), yaml.StreamEndEvent):
            fail("wrong_value", "The YAML has more than one document")
        return value

    def value(self, event: Any, depth: int) -> Any:
        if depth == 0:
            fail("too_deep", f"YAML is nested deeper than {VALUE_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(depth)
        return self.mapping(depth)

    def sequence(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            items.append(self.value(event, depth - 1))
        return items

    def mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                fail("wrong_value", "A key of the YAML is not text")
            if event.value in found:
                fail("wrong_value", f"The YAML has the key {event.value[:40]!r} twice")
            found[event.value] = self.value(self.next(), depth - 1)
        return found


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if not event.implicit[0]:
        if not is_clean(text):
            fail("wrong_value", "The YAML holds a character that cannot be stored")
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return _integer(text)
    return number(float(text)) if FLOAT.fullmatch(text) else text


def _integer(text: str) -> int:
    value = int(text[2:], 8) if text.startswith("0o") else int(text, 16 if text.startswith("0x") else 10)
    if not -RESULT_INT <= value < RESULT_INT:
        fail("number_too_big", "A number of the YAML has more than 64 bits")
    return value


class _Writer(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


# Text that YAML 1.2 reads as a number and PyYAML does not (`0E0`, `0o7`) has to be quoted too.
for _kind, _form in (("int", INTEGER), ("float", FLOAT)):
    _Writer.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_form.pattern})\Z"), list("-+.0123456789")
    )


def write_yaml(frame: Frame, value: Any) -> str:
    """Errors: ExpressionError for a value too big, or a secret inside."""
    before = frame.fuel
    measure(frame, value)
    frame.charge((before - frame.fuel) * WRITTEN_UNITS)
    shape = json.loads(json.dumps(value, allow_nan=False, default=plain))
    return str(yaml.dump(shape, Dumper=_Writer, allow_unicode=True, default_flow_style=False, sort_keys=False))
