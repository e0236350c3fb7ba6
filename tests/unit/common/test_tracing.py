"""Headers of others, ids that are made and not carried."""

from __future__ import annotations

import pytest

from attune_common.runtime import tracing

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", (TRACE, 0x00F067AA0BA902B7)),
        (f"00-{TRACE.upper()}-00F067AA0BA902B7-01", (TRACE, 0x00F067AA0BA902B7)),
        ("", None),
        ("nonsense", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}-00f067aa0ba902b7-01; DROP", None),
    ],
)
def test_a_request_names_its_trace(header: str, expected: tuple[str, int] | None) -> None:
    assert tracing.given({"traceparent": header}) == expected


def test_what_a_request_starts_belongs_to_its_trace() -> None:
    with tracing.request({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, "POST", "/"):
        assert tracing.asked_trace() == TRACE
    assert tracing.asked_trace() not in (TRACE, tracing.asked_trace())


def test_an_action_can_go_on_with_the_trace() -> None:
    text = tracing.traceparent(TRACE, 7, 1)
    assert tracing.given({"traceparent": text}) == (TRACE, tracing.attempt_span(7, 1))
    assert tracing.traceparent("no trace id", 7, 1) == ""
    assert tracing.attempt_span(7, 1) != tracing.attempt_span(7, 2)
