"""What the handlers of one app share, and how a handler asks for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from attune_api.admission import Admission
from attune_api.auth import Callers, callers_of
from attune_api.intake import Intake
from attune_api.oidc import tokens as oidc_tokens
from attune_api.oidc.provider import Provider
from attune_api.passwords import Passwords
from attune_api.places import Arrivals
from attune_api.usecases.execute import Starts
from attune_api.webhooks import Webhooks
from attune_common.bus.bus import Bus, condition
from attune_common.hosting.outgoing.egress import Egress
from attune_common.runtime.health import Health
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_common.vault.envelope import Vault
from attune_core.errors import AttuneError


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
    fetching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    admission: Admission = field(init=False)
    arrivals: Arrivals = field(init=False)
    intake: Intake = field(init=False)
    webhooks: Webhooks = field(init=False)
    starts: Starts = field(init=False)
    callers: Callers = field(init=False)
    vault: Vault = field(init=False)
    egress: Egress = field(init=False)
    oidc: Provider | None = field(init=False)
    passwords: Passwords = field(default_factory=Passwords)

    def __post_init__(self) -> None:
        self.vault = Vault(self.settings)
        self.egress = Egress.of(self.settings)
        self.oidc = _oidc(self.settings)
        self.arrivals = Arrivals(self.settings.limits.requests_at_once)
        self.admission = Admission(self.store, self.settings.limits.backlog)
        self.intake = Intake(self.store, self.vault)
        self.webhooks = Webhooks(self.store, lambda: self.vault)
        self.starts = Starts(self.store, self.vault)
        self.callers = callers_of(self.store)
        self.health.add("database", self.store.condition)
        self.health.add("bus", lambda: condition(self.bus))
        self.health.add("prepared", lambda: (self.prepared, "" if self.prepared else self.not_prepared_because))


def _oidc(settings: Settings) -> Provider | None:
    """Errors: AttuneError for settings that cannot work."""
    if not settings.oidc_issuer:
        return None
    wrong = "; ".join(oidc_tokens.check(settings))
    if wrong:
        raise AttuneError(wrong, code="bad_settings", hint="docs/operations/security.md has an example")
    return Provider(settings.oidc_issuer)


async def context_of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(context_of)]
