"""New texts from old ones. The dice are given, so that a seed gives the same texts everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

MOST_CHARS = 4_000
MOST_STEPS = 5


def mutated(dice: Random, corpus: Sequence[str], tokens: Sequence[str]) -> str:
    """A text of the corpus after a few changes."""
    text = dice.choice(corpus)
    for _ in range(dice.randint(1, MOST_STEPS)):
        text = _changed(dice, text, corpus, tokens)[:MOST_CHARS]
    return text


def _changed(dice: Random, text: str, corpus: Sequence[str], tokens: Sequence[str]) -> str:
    first, last = sorted(dice.randrange(len(text) + 1) for _ in range(2))
    match dice.randrange(6):
        case 0:
            return text[:first] + text[last:]
        case 1:
            return text[:first] + dice.choice(tokens) + text[first:]
        case 2:
            return text[:first] + dice.choice(tokens) + text[last:]
        case 3:
            return text[:last] + text[first:last] * dice.choice((1, 2, 30)) + text[last:]
        case 4:
            other = dice.choice(corpus)
            return text[:first] + other[dice.randrange(len(other) + 1) :]
        case _:
            return text[:first] + str(dice.choice((0, -1, 255, 10**6, 10**19, 1e308))) + text[last:]
