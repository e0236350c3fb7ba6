"""The async client: one attribute per subject of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Self

from attune_client.access import Access, Identities
from attune_client.audit import Audit
from attune_client.automation import Automation
from attune_client.datastore import Datastore
from attune_client.discovery import Address, find
from attune_client.executions import Executions, Runs
from attune_client.inquiries import Inquiries
from attune_client.logs import follow_logs
from attune_client.models import LogEntry
from attune_client.operations import Platform
from attune_client.packs import Packs, Workflows
from attune_client.policies import Policies
from attune_client.secrets import Secrets
from attune_client.sensors import Sensors
from attune_client.stream import StreamEvent, follow
from attune_client.transport import Transport
from attune_client.troubles import DeadLetters, Incidents
from attune_client.watch import Snapshot, watch


class AsyncAttune:
    """Use as `async with AsyncAttune.connect() as attune`. Errors of every call: ApiError, ApiUnreachable."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.packs = Packs(transport)
        self.platform = Platform(transport)
        self.workflows = Workflows(transport)
        self.executions = Executions(transport)
        self.runs = Runs(transport)
        self.inquiries = Inquiries(transport)
        self.incidents = Incidents(transport)
        self.dead_letters = DeadLetters(transport)
        self.automation = Automation(transport)
        self.policies = Policies(transport)
        self.sensors = Sensors(transport)
        self.kv = Datastore(transport)
        self.secrets = Secrets(transport)
        self.access = Access(transport)
        self.identities = Identities(transport)
        self.audit = Audit(transport)

    @classmethod
    def connect(cls, url: str = "", token: str = "", profile: str = "") -> Self:
        """A client for the address given, of the environment, of a profile, or of a running `attune dev`."""
        return cls.at(find(url, token, profile))

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

    def follow_logs(self, execution: int, *, tail: int | None = None) -> AsyncIterator[LogEntry]:
        """What an execution and its tasks write, until it has ended."""
        return follow_logs(self.transport, execution, tail=tail)

    def follow(
        self, execution: int | None = None, *, after: str = "", **filters: str | int | None
    ) -> AsyncIterator[StreamEvent]:
        """Live events of an execution or of everything, for ever, none missed. See `stream.follow`."""
        return follow(self.transport, execution, after=after, **filters)
