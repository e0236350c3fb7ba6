"""What clients are told of errors that are not theirs."""

from __future__ import annotations

from attune_api.errors import Unavailable
from attune_api.problems import as_api_error
from attune_common.store.errors import StoreClosed


def test_an_api_that_stops_is_no_bug() -> None:
    told = as_api_error(StoreClosed("the store is not open"))
    assert isinstance(told, Unavailable)
    assert (told.status, told.code) == (503, "stopping")


def test_what_nobody_expects_is_a_bug() -> None:
    assert as_api_error(RuntimeError("anything")) is None
