"""Ids that are drawn ahead are nobody else's: not of the next call, and not of a process that was split off."""

from __future__ import annotations

import os
import re

from attune_common.runtime.random_ids import random_id


def test_each_is_another() -> None:
    drawn = [random_id() for _ in range(1_000)]
    assert len(set(drawn)) == 1_000
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in drawn)


def test_a_process_that_was_split_off_draws_its_own() -> None:
    random_id()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, random_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 32).decode()
    assert theirs not in [random_id() for _ in range(200)]
