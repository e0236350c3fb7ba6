"""Topic patterns, against the plain reading of AMQP: words, one word, any number of words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attune_common.bus.patterns import matches

WORDS = st.lists(st.sampled_from(["a", "b", "", "a+b"]), min_size=1, max_size=5)
PATTERNS = st.lists(st.sampled_from(["a", "b", "*", "#", "a+b"]), min_size=1, max_size=5)


def plainly(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    head, *rest = pattern
    if head == "#":
        return any(plainly(rest, words[start:]) for start in range(len(words) + 1))
    return bool(words) and head in ("*", words[0]) and plainly(rest, words[1:])


@given(PATTERNS, WORDS)
def test_it_matches_as_amqp_says(pattern: list[str], words: list[str]) -> None:
    assert matches(".".join(pattern), ".".join(words)) == plainly(pattern, words)
