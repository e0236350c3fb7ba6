"""What others have written is shown as text: it steers no terminal."""

from __future__ import annotations

import io
import json

import pytest
from rich.table import Table
from rich.text import Text

from attune_cli.output import as_json
from attune_cli.terminal import PlainConsole, harmless

HOSTILE = [
    "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x1b]8;;http://evil\x07link\x1b]8;;\x07", "a\x08\x08b", "\x9b31m",
    "\x00", "user\u202egpj.exe", "\u2066x\u2069", "x\rdone", "\x7f",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_steers_the_terminal(text: str) -> None:
    stream = io.StringIO()
    screen = PlainConsole(file=stream, force_terminal=True, width=80, highlight=False)
    table = Table(text)
    table.add_row(Text(text), text)
    for shown in (text, Text(text), table):
        screen.print(shown, markup=False)
    screen.print(text, style="red", markup=False)
    printed = stream.getvalue().replace("\x1b[31m", "").replace("\x1b[0m", "").replace("\x1b[1m", "")
    assert not any(ch < " " and ch not in "\n\t" for ch in printed), ascii(printed)
    assert not any(ch in "\x7f\x9b\u202e\u2066\u2069" for ch in printed), ascii(printed)


def test_colours_of_our_own_stay() -> None:
    stream = io.StringIO()
    PlainConsole(file=stream, force_terminal=True, color_system="standard").print("x", style="red")
    assert stream.getvalue() == "\x1b[31mx\x1b[0m\n"


def test_honest_text_is_left_alone() -> None:
    text = "naïve – 日本語 🎉\n\tעברית العربية"
    assert harmless(text) == text


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_json_has_it_escaped_and_means_the_same(text: str) -> None:
    written = as_json({"a": text})
    assert json.loads(written) == {"a": text}
    assert not any((ch < " " and ch != "\n") or ch in "\x7f\x9b\u202e\u2066\u2069" for ch in written)
