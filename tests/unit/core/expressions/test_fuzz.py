"""A short run of the fuzz targets, the same every time. `make fuzz` goes on for as long as is wanted."""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize(("name", "count"), [("templates", 500), ("definitions", 150)])
def test_no_text_is_mishandled(name: str, count: int) -> None:
    dice, target = Random(7), TARGETS[name]
    for _ in range(count):
        text = mutated(dice, target.corpus, target.tokens)
        try:
            target.judge(text)
        except Exception as problem:
            raise AssertionError(f"{problem!r} for {text!r}") from problem
