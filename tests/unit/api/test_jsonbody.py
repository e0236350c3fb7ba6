"""JSON that is broken, lossy or cannot be stored is refused with a place, never let through and never a crash."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_api import jsonbody
from attune_api.errors import BadRequest, Invalid


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"[Infinity]",
        b"1e400",
        b'"\\ud800"',
        b"\xff\xfe{\x00}\x00",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":1,}',
        b"01",
        b"'a'",
        b'"a\nb"',
        b"{} {}",
    ],
)
def test_broken_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        jsonbody.parse(body)
    assert refused.value.code == "bad_json"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"a": ["x", "a\\u0000b"]}', "body.a[1]"),
        (b'{"a\\u0000": 1}', "body"),
        (b'{"n": 9223372036854775808}', "body.n"),
        (b"[" * 101 + b"]" * 101, "body" + "[0]" * 100),
        (b'{"a": 1, "a": 2}', "body"),
        (b'{"x": {"a": 1, "b": 2, "a": 1}}', "body"),
        (b"18446744073709551616", "body"),
        (b"-9223372036854775809", "body"),
        (b"1" * 300, "body"),
    ],
)
def test_data_that_would_be_lost_is_refused_with_its_place(body: bytes, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        jsonbody.parse(body)
    assert refused.value.errors[0]["path"] == path
    assert refused.value.code == "bad_data"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 9223372036854775807, "b": -9223372036854775808}', {"a": 2**63 - 1, "b": -(2**63)}),
        (b"[" * 100 + b"]" * 100, None),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        (b"1.5e300", 1.5e300),
    ],
)
def test_what_can_be_kept_is_kept(body: bytes, value: object) -> None:
    parsed = jsonbody.parse(body)
    if value is not None:
        assert parsed == value


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(body: bytes) -> None:
    with suppress(BadRequest, Invalid):
        jsonbody.parse(body)
