"""The data gate: what passes can be written and read back; what does not pass is named with its place."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_common.runtime.json import MAX_DEPTH, MAX_VALUES, DataError, clean, dumps, loads, repair

_INT64 = st.integers(-(2**63), 2**63 - 1)
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_GOOD = st.recursive(
    st.none() | st.booleans() | _INT64 | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5),
    max_leaves=30,
)
_ANY = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=5)
        | st.sets(st.integers(), max_size=3)
    ),
    max_leaves=30,
)


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@given(_GOOD)
def test_good_data_passes_unchanged_and_can_be_written_and_read(value: Any) -> None:
    assert clean(value) == value
    assert loads(dumps(clean(value))) == value
    assert repair(value) == (value, False)


@given(_ANY)
def test_whatever_is_repaired_is_good(value: Any) -> None:
    repaired, changed = repair(value)
    assert clean(repaired) == repaired
    assert loads(dumps(repaired)) == repaired
    try:
        passed = clean(value)
    except DataError:
        assert changed
    else:
        assert passed == repaired
        assert not changed


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({"a": [1, math.nan]}, "$.a[1]", "nan"),
        ({"a": math.inf}, "$.a", "inf"),
        ([2**63], "$[0]", "64 bits"),
        ([-(2**63) - 1], "$[0]", "64 bits"),
        ({"b": {"c": "x\0"}}, "$.b.c", "NUL"),
        ("\ud800", "$", "surrogate"),
        ({"k\0": 1}, "$", "NUL"),
        ({1: 1}, "$", "key 1"),
        ({"when": b"bytes"}, "$.when", "bytes"),
        ({"s": {1, 2}}, "$.s", "set"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(value: Any, path: str, message: str) -> None:
    with pytest.raises(DataError) as refused:
        clean(value)
    assert refused.value.path == path
    assert message in str(refused.value)
    assert refused.value.code == "invalid_data"


def test_integers_of_64_bits_pass_to_the_last_bit() -> None:
    assert clean([2**63 - 1, -(2**63), True]) == [2**63 - 1, -(2**63), True]


def test_depth_is_bounded() -> None:
    assert clean(_nested(MAX_DEPTH)) == _nested(MAX_DEPTH)
    for gate in (clean, repair):
        with pytest.raises(DataError, match="deeper"):
            gate(_nested(MAX_DEPTH + 1))


def test_the_number_of_values_is_bounded() -> None:
    assert len(clean([0] * (MAX_VALUES - 1))) == MAX_VALUES - 1
    with pytest.raises(DataError, match="more than 200,000 values"):
        clean([0] * MAX_VALUES)


def test_repair_keeps_what_it_can() -> None:
    value = {"big": 10**30, "nan": math.nan, "text": "a\0b", "half": "x\ud800y", 5: (1, 2)}
    repaired, changed = repair(value)
    assert changed
    assert repaired == {"big": "1" + "0" * 30, "nan": "nan", "text": "a\ufffdb", "half": "x\ufffdy", "5": [1, 2]}


def test_an_integer_of_too_many_digits_is_repaired_too() -> None:
    repaired, changed = repair({"n": 10**5000})
    assert changed
    assert repaired["n"].startswith("0x")


def test_what_is_not_json_is_said_to_be_so() -> None:
    with pytest.raises(DataError, match="not JSON"):
        loads(b"{")
