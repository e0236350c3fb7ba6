"""What a process remembers is bounded, by number or by weight."""

from __future__ import annotations

from attune_common.runtime.lru import Lru, Weighed


def test_what_is_kept_weighs_no_more_than_it_may() -> None:
    kept: Weighed[str, int] = Weighed(10)
    kept.put("a", 1, 4)
    kept.put("b", 2, 4)
    assert kept.get("a") == 1
    kept.put("c", 3, 4)
    kept.put("d", 4, 11)
    assert [kept.get(key) for key in "abcd"] == [1, None, 3, None]


def test_what_takes_the_place_of_something_counts_alone() -> None:
    kept: Weighed[str, int] = Weighed(10)
    for value in range(20):
        kept.put("a", value, 8)
    kept.put("b", 2, 2)
    assert (kept.get("a"), kept.get("b")) == (19, 2)
    kept.put("a", 3, 11)
    assert kept.get("a") is None


def test_what_is_dropped_leaves_its_room() -> None:
    kept: Weighed[str, int] = Weighed(10)
    kept.put("a", 1, 10)
    kept.drop("a")
    kept.drop("never there")
    kept.put("b", 2, 10)
    assert (kept.get("a"), kept.get("b")) == (None, 2)


def test_the_ones_used_last_are_kept() -> None:
    kept: Lru[str, int] = Lru(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]
