"""What the handlers of one app share, and how a handler asks for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from attune_api.admission import Admission
from attune_api.intake import Intake
from attune_api.passwords import Passwords
from attune_common.bus.bus import Bus
from attune_common.runtime.health import Health
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_common.vault.envelope import Vault


@dataclass(slots=True)
class Context:
    """`prepared`: the configured tokens and the core pack are in the database. `unpacking`: one pack at a time,

    so that the memory for unpacked files is that of one.
    """

    store: Store
    bus: Bus
    settings: Settings
    health: Health = field(default_factory=Health)
    prepared: bool = False
    not_prepared_because: str = "starting"
    unpacking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    admission: Admission = field(init=False)
    intake: Intake = field(init=False)
    vault: Vault = field(init=False)
    passwords: Passwords = field(default_factory=Passwords)

    def __post_init__(self) -> None:
        self.vault = Vault(self.settings)
        self.admission = Admission(self.store, self.settings.limits.backlog)
        self.intake = Intake(self.store)
        self.health.add("database", self.store.healthy)
        self.health.add("bus", lambda: self.bus.healthy)
        self.health.add("prepared", lambda: (self.prepared, "" if self.prepared else self.not_prepared_because))


async def context_of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(context_of)]
