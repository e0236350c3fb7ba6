"""Secrets are found in the forms in which programs write them, and across the borders of chunks."""

from __future__ import annotations

import base64
import html
import json
import random
import re
import shlex
import textwrap
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_common.hosting.masking import MASK, NOTHING, Masker, StreamMasker

CANARY = 'canary/"gr\u00fcn" +&=<7>\\n'
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": json.dumps,
    "json in utf-8": lambda text: json.dumps(text, ensure_ascii=False),
    "json in json": lambda text: json.dumps(json.dumps({"a": text})),
    "repr": repr,
    "html": html.escape,
    "shell": shlex.quote,
    "url": quote,
    "url without safe ones": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "url in lower case": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_hidden(form: str) -> None:
    written = FORMS[form](CANARY)
    shown = Masker([CANARY]).text(f"before {written} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert MASK in shown
    for part in ("canary", "gr\u00fcn", written[2:-2]):
        assert part not in shown


@pytest.mark.parametrize("around", [("user:", ""), ("u:", "x"), ("us:", "xy"), ("user:", ":more")])
def test_base64_of_more_than_the_secret(around: tuple[str, str]) -> None:
    secret = "a secret of some length"
    written = base64.b64encode(f"{around[0]}{secret}{around[1]}".encode()).decode()
    shown = Masker([secret]).text(f"Authorization: Basic {written}")
    core = base64.b64encode(secret.encode()).decode()
    assert MASK in shown
    assert not any(core[start : start + 8] in shown for start in range(len(core) - 8))


@given(st.data())
def test_chunks_fall_where_they_like(data: st.DataObject) -> None:
    secret = "hunter2-hunter2!"
    stream = StreamMasker(Masker([secret, "hunt"]))
    rest = f"a {secret} b hunter {base64.b64encode(secret.encode()).decode()} c{secret}".encode()
    shown = b""
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        shown += stream.feed(rest[:size])
        rest = rest[size:]
    shown += stream.end()
    assert b"hunt" not in shown
    assert b"hunter2" not in shown
    assert shown.startswith(b"a ****")


def test_the_beginning_of_a_secret_at_the_very_end_is_hidden() -> None:
    stream = StreamMasker(Masker(["hunter2-hunter2"]))
    assert stream.feed(b"so: hunter2-hun") + stream.end() == b"so: " + MASK.encode()


def test_what_merely_begins_alike_comes_through() -> None:
    stream = StreamMasker(Masker(["hunter2-hunter2"]))
    assert stream.feed(b"hunter2-") + stream.feed(b"gatherer\n") + stream.end() == b"hunter2-gatherer\n"


def test_data_is_hidden_in_keys_members_and_numbers() -> None:
    value: dict[str, Any] = {"a": ["x hunter2 y", {"hunter2": 1}], "n": 4711, "kept": [1, True, None, 2.5]}
    hidden = Masker(["hunter2", "4711"]).data(value)
    assert hidden == {"a": [f"x {MASK} y", {MASK: 1}], "n": MASK, "kept": [1, True, None, 2.5]}
    harmless = {"a": [1]}
    assert Masker(["hunter2"]).data(harmless) is harmless


def test_short_ones_are_hidden_only_where_they_stand_alone() -> None:
    assert Masker(["abc", "7"]).data({"a": "abc", "b": "abcd", "n": 7, "m": 77}) == {
        "a": MASK, "b": "abcd", "n": MASK, "m": 77,
    }  # fmt: skip


def test_lines_of_a_key_are_hidden_one_by_one() -> None:
    body = "\n".join(textwrap.wrap(base64.b64encode(random.Random(1).randbytes(600)).decode(), 64))
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    shown = Masker([key]).text("\n".join(f"> {line}" for line in key.splitlines()))
    assert set(shown.replace(">", "").split()) == {MASK}


def test_texts_that_were_cut() -> None:
    assert Masker(["hunter2-hunter2"]).cut({"stderr": "failed with hunter2-hu"}) == {"stderr": f"failed with {MASK}"}


@pytest.mark.parametrize("size", [100_000, 1_000_000])
def test_a_huge_secret_is_hidden_too(size: int) -> None:
    secret = random.Random(2).randbytes(size // 2).hex()
    shown = StreamMasker(Masker([secret]))
    written = f"a {secret} b".encode()
    parts = [shown.feed(written[start : start + 65_536]) for start in range(0, len(written), 65_536)]
    assert b"".join(parts) + shown.end() == f"a {MASK} b".encode()


def test_nothing_to_hide_changes_nothing() -> None:
    data = b"\xff\xfe whatever \0"
    assert StreamMasker(NOTHING).feed(data) == data
    assert NOTHING.text("x") == "x"
    assert not Masker(["", ""])
