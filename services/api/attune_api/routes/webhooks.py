"""/webhooks/{key}: where the outside world reports what happened. The signature is the credential."""

from __future__ import annotations

import time

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from attune_api.context import Shared
from attune_api.names import Key
from attune_api.permissions import Permission
from attune_api.routing import declares, media_type, router
from attune_api.usecases.receive_webhook import Incoming
from attune_api.views.events import Challenge, EventAccepted, EventRepeated
from attune_core.webhooks.delivery import Delivery

routes = router("/api/v1/webhooks", tag="webhooks")


@routes.post("/{key:path}", status_code=202, response_model=EventAccepted, summary="Deliver a webhook",
             responses={200: {"model": EventRepeated | Challenge,
                              "description": "Delivered before; or the answer to a sender's question"}})  # fmt: skip
@declares(Permission.PUBLIC, refusals=(401, 404, 409, 429), media=("*/*",))
async def deliver(shared: Shared, request: Request, key: Key) -> EventAccepted | Response:
    """The sender proves itself as the trigger's `signature` asks; 202 means that the event is stored."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    delivery = Delivery(headers, await request.body(), time.time(), shared.settings.webhook_tolerance)
    received = await shared.webhooks.receive(Incoming(key, media_type(request), delivery))
    if received.challenge is not None:
        return JSONResponse(Challenge(challenge=received.challenge).model_dump())
    if received.repeated:
        return JSONResponse(EventRepeated(event_id=received.event).model_dump())
    return EventAccepted(event_id=received.event)
