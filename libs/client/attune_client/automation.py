"""Triggers, events, rules and webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any, cast
from urllib.parse import quote

from attune_client.models import Enforcement, Event, Rule
from attune_client.transport import Transport, items_of


class Automation:
    """What happens outside and what it starts."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def triggers(self, pack: str | None = None) -> list[dict[str, Any]]:
        return [trigger async for trigger in self._transport.pages("/triggers", {"pack": pack})]

    async def trigger(self, ref: str) -> dict[str, Any]:
        return cast("dict[str, Any]", await self._transport.get(f"/triggers/{quote(ref)}"))

    async def rules(self, pack: str | None = None, trigger: str | None = None) -> list[Rule]:
        asked = {"pack": pack, "trigger": trigger}
        return [rule async for rule in self._transport.pages("/rules", asked)]

    async def rule(self, ref: str) -> Rule:
        return cast(Rule, await self._transport.get(f"/rules/{quote(ref)}"))

    async def change_rule(self, ref: str, **values: Any) -> Rule:
        """What is not named stays."""
        return cast(Rule, await self._transport.send("PUT", f"/rules/{quote(ref)}", json=values))

    async def create_rule(self, rule: dict[str, Any]) -> Rule:
        return cast(Rule, await self._transport.post("/rules", rule))

    async def remove_rule(self, ref: str) -> None:
        await self._transport.send("DELETE", f"/rules/{quote(ref)}")

    async def events(self, limit: int = 50, trigger: str | None = None, **filters: str | None) -> list[Event]:
        """The newest. `filters`: pack, trace_id, since, until."""
        asked = {"limit": limit, "trigger": trigger, **filters}
        return cast("list[Event]", items_of(await self._transport.get("/events", asked)))

    async def event(self, event: int) -> Event:
        return cast(Event, await self._transport.get(f"/events/{event}"))

    async def emit(self, trigger: str, payload: dict[str, Any], key: str | None = None) -> Event:
        """Say that a trigger fired. `key`: of events of the trigger with the same key only the first counts."""
        body = {"trigger": trigger, "payload": payload} | ({} if key is None else {"dedup_key": key})
        return cast(Event, await self._transport.post("/events", body))

    async def emit_again(self, event: int) -> Event:
        """A new event with the trigger and the payload of an earlier one."""
        return cast(Event, await self._transport.post(f"/events/{event}/re-emit"))

    async def enforcements(
        self, event: int | None = None, *, rule: str | None = None, limit: int = 50
    ) -> list[Enforcement]:
        """The newest verdicts of the rules, on one event or of one rule if it is named."""
        asked = {"event": event, "rule": rule, "limit": limit}
        return cast("list[Enforcement]", items_of(await self._transport.get("/enforcements", asked)))

    async def enforcement(self, enforcement: int) -> Enforcement:
        return cast(Enforcement, await self._transport.get(f"/enforcements/{enforcement}"))

    async def send_webhook(self, key: str, payload: Any, secret: str = "") -> dict[str, Any]:
        """Post to a webhook trigger as an outside system would: signed when a secret is given."""
        body = json.dumps(payload).encode()
        headers = {"Content-Type": "application/json"}
        if secret:
            headers["X-Attune-Signature"] = sign(secret, body)
        answer = await self._transport.send("POST", f"/webhooks/{quote(key)}", content=body, headers=headers)
        return cast("dict[str, Any]", answer)


def sign(secret: str, body: bytes, at: int | None = None) -> str:
    """The value of X-Attune-Signature for a body; `at` is a Unix time in seconds, now by default."""
    moment = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"
