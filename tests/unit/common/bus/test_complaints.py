"""Trouble with queues fills no log: what lasts is told, all of it in one line, once until it is over."""

from __future__ import annotations

from structlog.testing import capture_logs

from attune_common.bus.rabbitmq.complaints import Complaints


def test_all_queues_are_told_of_in_one_line_and_once() -> None:
    complaints = Complaints("cannot consume", 0.0)
    with capture_logs() as lines:
        complaints.failed("a", "gone")
        complaints.failed("b", "refused")
        complaints.tell()
        complaints.failed("a", "gone for another reason")
        complaints.tell()
    assert lines == [{"event": "cannot consume", "log_level": "error", "queues": {"a": "gone", "b": "refused"}}]


def test_what_is_mended_and_breaks_again_is_told_again() -> None:
    complaints = Complaints("cannot consume", 0.0)
    with capture_logs() as lines:
        for _ in range(2):
            complaints.failed("a", "gone")
            complaints.tell()
            complaints.mended("a")
            complaints.tell()
    assert len(lines) == 2
    assert complaints.queues == ()


def test_what_does_not_last_is_not_told() -> None:
    complaints = Complaints("cannot consume", 3_600.0)
    with capture_logs() as lines:
        complaints.failed("a", "gone")
        complaints.tell()
    assert lines == []
    assert complaints.queues == ("a",)
