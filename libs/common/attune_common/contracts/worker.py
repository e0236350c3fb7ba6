"""Messages by which workers keep their leases."""

from __future__ import annotations

from pydantic import AwareDatetime

from attune_common.contracts.base import Message


class WorkerHeartbeat(Message):
    """`tokens` are those of the attempts that the worker runs now."""

    worker: str
    pools: list[str]
    tokens: list[str]
    started_at: AwareDatetime
