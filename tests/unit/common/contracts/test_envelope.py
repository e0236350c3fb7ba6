"""Wire messages: many events in one, as few messages as may be, never a very large one."""

from __future__ import annotations

from attune_common.contracts.base import Message
from attune_common.contracts.envelope import MAX_BYTES, pack, unpack
from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionCompleted, ExecutionScheduled


def _events(count: int) -> list[tuple[Message, str]]:
    return [(EventCreated(event_id=number, trigger_ref="test.made"), "") for number in range(count)]


def _ended(number: int, result: str) -> tuple[Message, str]:
    return ExecutionCompleted(execution_id=number, attempt=1, token="t", status="succeeded", result=result), ""


def _job(number: int) -> tuple[Message, str]:
    named = {"token": "t", "action_ref": "core.noop", "pack_ref": "core", "pack_digest": "", "runtime": "native"}
    return ExecutionScheduled.model_validate({"execution_id": number, "attempt": 1, **named}), "pool"


def test_events_of_a_transaction_share_a_message_up_to_five_hundred() -> None:
    wires = pack(_events(1_001), "attune/test")
    assert [len(unpack(wire.body)) for wire in wires] == [500, 500, 1]


def test_jobs_are_divided_further_because_a_message_goes_to_one_worker() -> None:
    wires = pack([_job(number) for number in range(120)], "attune/test")
    assert [len(unpack(wire.body)) for wire in wires] == [50, 50, 20]
    assert {wire.routing_key for wire in wires} == {"execution.scheduled.pool"}


def test_a_message_that_would_be_too_large_is_divided_in_order() -> None:
    sent = [_ended(number, "x" * (MAX_BYTES // 3)) for number in range(7)]
    wires = pack([*sent, _ended(7, "y" * 2 * MAX_BYTES)], "attune/test")
    told = [[message.execution_id for message in unpack(wire.body)] for wire in wires]  # type: ignore[attr-defined]
    assert [id for ids in told for id in ids] == list(range(8))
    assert all(len(wire.body) <= MAX_BYTES or ids == [7] for wire, ids in zip(wires, told, strict=True))
