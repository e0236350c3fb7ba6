"""Deliveries that arrive at the same time are stored in one transaction, as events are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attune_api.errors import ApiError
from attune_api.together import Together
from attune_api.usecases.receive_webhook import Incoming, Received, Replayed, receive_webhook
from attune_common.store import audit
from attune_common.store.audit import Acting
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault


@dataclass(frozen=True, slots=True)
class _Asked:
    """A delivery with the request that brought it, for the audit trail."""

    incoming: Incoming
    acting: Acting | None


class Webhooks:
    """Errors of `receive`: those of `receive_webhook`, and those of the database."""

    def __init__(self, store: Store, vault: Callable[[], Vault]) -> None:
        self._store, self._vault = store, vault
        self._together = Together(self._receive_together)

    async def receive(self, incoming: Incoming) -> Received:
        """Return after the commit."""
        return await self._together.ask(_Asked(incoming, audit.due()))

    async def _receive_together(self, asked: Sequence[_Asked]) -> list[Received | Exception]:
        outcomes = await self._store.retrying(lambda unit: _receive(unit, self._vault(), asked))
        for one, outcome in zip(asked, outcomes, strict=True):
            if one.acting is not None and isinstance(outcome, Received):
                one.acting.written = True
        return outcomes


async def _receive(unit: Unit, vault: Vault, asked: Sequence[_Asked]) -> list[Received | Exception]:
    """A replay undoes all of it, and each is then received alone: that is rare, and what was stored must go."""
    outcomes: list[Received | Exception] = []
    for one in asked:
        try:
            outcome: Received | Exception = await receive_webhook(unit, vault, one.incoming)
        except Replayed:
            raise
        except ApiError as refused:
            outcome = refused
        outcomes.append(outcome)
        if one.acting is not None and isinstance(outcome, Received):
            unit.record(one.acting.entry)
    return outcomes
