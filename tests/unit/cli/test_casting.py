"""Words as the values that a schema asks for, and questions at the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from attune_cli import asking, casting, parameters

SCHEMA = {
    "type": "object",
    "required": ["size", "go"],
    "properties": {
        "size": {"type": "integer"},
        "go": {"type": "boolean"},
        "rate": {"type": "number"},
        "name": {"type": "string"},
        "either": {"type": ["string", "integer"]},
        "choice": {"enum": [1, "2", None]},
        "list": {"type": "array"},
        "map": {"type": "object"},
        "nothing": {"type": "null"},
        "ref": {"$ref": "#/$defs/count"},
        "any": {},
        "few": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": {"type": "integer"},
    "$defs": {"count": {"type": "integer", "minimum": 1}},
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("size", "50", 50),
        ("size", "-3", -3),
        ("size", "fifty", "fifty"),
        ("size", "5.5", "5.5"),
        ("size", "", ""),
        ("size", "007", "007"),
        ("go", "true", True),
        ("go", "yes", "yes"),
        ("rate", "1.5e3", 1500.0),
        ("rate", "NaN", "NaN"),
        ("rate", "Infinity", "Infinity"),
        ("name", "50", "50"),
        ("name", "true", "true"),
        ("either", "50", "50"),
        ("choice", "1", 1),
        ("choice", "2", "2"),
        ("choice", "null", None),
        ("list", "[1, 2]", [1, 2]),
        ("map", '{"a": 1}', {"a": 1}),
        ("map", "a: 1", "a: 1"),
        ("nothing", "null", None),
        ("ref", "3", 3),
        ("ref", "0", "0"),
        ("few", "0", 0),
        ("few", "many", "many"),
        ("any", "50", "50"),
        ("unknown", "7", 7),
    ],
)
def test_a_word_is_what_the_schema_asks_for(name: str, text: str, value: Any) -> None:
    assert casting.cast({name: text}, [name], SCHEMA) == {name: value}


@pytest.mark.parametrize("schema", [None, {}, {"type": "object"}, {"properties": {"n": {"type": "nonsense"}}}])
def test_without_a_usable_schema_text_stays_text(schema: Any) -> None:
    assert casting.cast({"n": "50"}, ["n"], schema) == {"n": "50"}


def test_only_words_are_cast() -> None:
    """What came as JSON, or out of a file, is what it is."""
    given = ["size:=50", "n=@file", "go=true"]
    assert parameters.texts(given) == {"go"}
    assert casting.cast({"size": "50", "go": "true"}, parameters.texts(given), SCHEMA) == {"size": "50", "go": True}


class Keyboard:
    """Types the lines that a test gives, and remembers what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
        self.asked: list[str] = []
        self.hidden: list[str] = []
        self.told: list[str] = []
        self._lines: Iterator[str] = iter(lines)
        monkeypatch.setattr(typer, "prompt", self._prompt)
        monkeypatch.setattr(typer, "echo", self.told.append)

    def _prompt(self, label: str, *, hide_input: bool = False, **_: Any) -> str:
        self.asked.append(label)
        if hide_input:
            self.hidden.append(label)
        return next(self._lines)


def test_fields_are_asked_for_until_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "why": {"type": "string", "description": "For the record"},
            "size": {"type": "integer", "enum": [1, 2]},
            "code": {"type": "string", "secret": True},
            "go": {"type": "boolean", "default": True},
        },
    }
    keyboard = Keyboard(monkeypatch, "", "many", "3", "2", "because", "", "")
    assert asking.ask_for(schema) == {"size": 2, "why": "because"}
    assert keyboard.asked[0] == "size (integer, 1, 2)"
    assert keyboard.asked.count(keyboard.asked[0]) == 4
    assert keyboard.asked[-1] == "go (boolean) [true]"
    assert keyboard.hidden == ["code (string)"]
    assert "why: For the record" in keyboard.told
    assert any("this is needed" in line for line in keyboard.told)


@pytest.mark.parametrize(
    ("schema", "line", "value"),
    [
        (None, "yes", "yes"),
        (None, '{"go": true}', {"go": True}),
        ({"type": "boolean"}, "false", False),
        ({"type": "string"}, "true", "true"),
        ({"type": "array"}, "[1]", [1]),
    ],
)
def test_an_answer_that_is_no_map_is_one_question(
    monkeypatch: pytest.MonkeyPatch, schema: Any, line: str, value: Any
) -> None:
    Keyboard(monkeypatch, line)
    assert asking.ask_for(schema) == value


def test_text_that_must_be_given_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    Keyboard(monkeypatch, "")
    assert asking.ask_for({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}) == {"a": ""}
