"""The async client: one attribute per subject of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Self

from attune_client.automation import Automation, Datastore
from attune_client.discovery import Address, find
from attune_client.executions import Executions, Runs
from attune_client.inquiries import Inquiries
from attune_client.packs import Packs, Workflows
from attune_client.sensors import Sensors
from attune_client.stream import StreamEvent, follow
from attune_client.transport import Transport
from attune_client.watch import Snapshot, watch


class AsyncAttune:
    """Use as `async with AsyncAttune.connect() as attune`. Errors of every call: ApiError, ApiUnreachable."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.packs = Packs(transport)
        self.workflows = Workflows(transport)
        self.executions = Executions(transport)
        self.runs = Runs(transport)
        self.inquiries = Inquiries(transport)
        self.automation = Automation(transport)
        self.sensors = Sensors(transport)
        self.kv = Datastore(transport)

    @classmethod
    def connect(cls, url: str = "", token: str = "") -> Self:
        """A client for the address given, of the environment, or of a running `attune dev`."""
        return cls.at(find(url, token))

    @classmethod
    def at(cls, address: Address) -> Self:
        return cls(Transport(address))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.transport.http.aclose()

    async def ready(self) -> dict[str, Any]:
        """What /health/ready says, with `ready` true or false. Errors: ApiUnreachable."""
        import httpx2

        try:
            answer = await self.transport.http.get("/health/ready")
        except httpx2.TransportError as problem:
            raise self.transport.unreachable(problem) from problem
        body = answer.json() if answer.content else {}
        return {**(body if isinstance(body, dict) else {}), "ready": answer.status_code == 200}

    def watch(self, execution: int) -> AsyncIterator[Snapshot]:
        """Snapshots of an execution until it has ended."""
        return watch(self.transport, execution)

    def follow(self, execution: int) -> AsyncIterator[StreamEvent]:
        """The raw live events of an execution, for ever."""
        return follow(self.transport, execution)
