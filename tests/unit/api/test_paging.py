"""Cursors lead on exactly, and nothing else passes for one."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_api.errors import Invalid
from attune_api.paging import Keyset

LOGS = Keyset("logs", ("attempt", "seq"), (int, int))
REFS = Keyset("refs", ("ref",), (str,))


def _rows(count: int) -> list[dict[str, int]]:
    return [{"attempt": 1, "seq": seq} for seq in range(1, count + 1)]


def test_a_last_page_has_no_cursor() -> None:
    shown, following = LOGS.page(_rows(3), 3)
    assert (len(shown), following) == (3, None)


def test_the_cursor_is_the_last_row_that_was_shown() -> None:
    shown, following = LOGS.page(_rows(4), 3)
    assert len(shown) == 3
    assert LOGS.after(following) == [1, 3]


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1))
def test_any_ref_survives(ref: str) -> None:
    _, following = REFS.page([{"ref": ref}, {"ref": "z"}], 1)
    assert REFS.after(following) == [ref]


def _forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "é",
        _forged(["logs"]),
        _forged(["logs", 1]),
        _forged(["logs", 1, 2**63]),
        _forged(["logs", True, 1]),
        _forged(["logs", "1", "2"]),
        _forged(["logs", 1.5, 2]),
        _forged(["refs", 1, 2]),
        _forged({"logs": 1}),
        _forged(None),
        _forged([["logs"], 1, 2]),
    ],
)
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        LOGS.after(cursor)
    assert refused.value.errors[0]["path"] == "query.cursor"


def test_a_text_with_nul_is_no_ref() -> None:
    with pytest.raises(Invalid):
        REFS.after(_forged(["refs", "a\x00"]))
