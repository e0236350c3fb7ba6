"""Output becomes numbered lines within limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attune_common.contracts.execution import ExecutionLog
from attune_common.hosting.lines import LineSplitter
from attune_worker.logs import AttemptLog, LogLimits


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0")), max_size=8), st.data())
def test_lines_are_the_same_however_the_chunks_fall(lines: list[str], data: st.DataObject) -> None:
    whole = "".join(line + "\n" for line in lines).encode()
    splitter, rest, seen = LineSplitter(10_000), whole, []
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        seen += splitter.feed(rest[:size])
        rest = rest[size:]
    assert seen + splitter.end() == lines


def test_what_has_no_newline_is_a_line_at_the_end() -> None:
    splitter = LineSplitter(100)
    assert splitter.feed(b"a\nb") == ["a"]
    assert splitter.end() == ["b"]
    assert splitter.end() == []


def test_a_long_line_is_cut_and_says_so() -> None:
    splitter = LineSplitter(4)
    assert splitter.feed(b"abc") == []
    assert splitter.feed(b"defgh\nnext\n") == ["abcd [4 more bytes of this line were cut]", "next"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert LineSplitter(100).feed(b"a\xff\0b\r\n") == ["a\ufffd\ufffdb"]


async def test_beyond_the_limit_one_line_says_that_the_log_was_cut() -> None:
    sent: list[ExecutionLog] = []
    log = AttemptLog((1, 1, "t"), lambda batch, _: sent.append(batch), LogLimits(lines=3))
    log.output("stdout", b"1\n2\n3\n4\n5\n")
    log.output("stderr", b"6\n")
    log.close()
    lines = [line for batch in sent for line in batch.lines]
    assert [(line.stream, line.seq) for line in lines] == [("stdout", 1), ("stdout", 2), ("stdout", 3), ("system", 4)]
    assert "cut" in lines[-1].line


async def test_bytes_of_all_lines_are_limited_too() -> None:
    sent: list[ExecutionLog] = []
    log = AttemptLog((1, 1, "t"), lambda batch, _: sent.append(batch), LogLimits(total=5))
    log.output("stdout", b"abc\nabc\nabc\n")
    log.close()
    assert [line.line for batch in sent for line in batch.lines][:1] == ["abc"]
    assert sum(len(batch.lines) for batch in sent) == 2
