"""YAML 1.2 core scalars, and what stays text."""

from __future__ import annotations

import pytest

from attune_core.definition.scalars import ScalarError, resolve

TEXT = [
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "Yes",
    "NO",
    "On",
    "0755",
    "00",
    "-01",
    "12:30",
    "1:2:3",
    "2024-01-31",
    "2024-01-31T10:00:00Z",
    "1.10",
    "0.50",
    "1_000",
    "1.2.3",
    "+",
    "-",
    ".",
    "..",
    "0b101",
    "0o9",
    "0x",
    "1e",
    "e1",
    "nUll",
    "tRUE",
    "=",
]


@pytest.mark.parametrize("text", TEXT)
def test_stays_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("1.0", 1.0),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1.10e2", 110.0),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_value(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["9223372036854775808", "-9223372036854775809", "1e400", ".inf", "-.INF", ".nan", "1" * 5000]
)
def test_number_that_json_cannot_carry(text: str) -> None:
    with pytest.raises(ScalarError):
        resolve(text)
