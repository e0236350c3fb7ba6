"""/webhooks/{key}: where the outside world reports what happened. The signature is the credential."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Header, Request

from attune_api.context import Shared
from attune_api.names import Key
from attune_api.permissions import Permission
from attune_api.routing import declares, media_type, router
from attune_api.usecases.receive_webhook import Incoming, receive_webhook
from attune_api.views.events import EventAccepted

routes = router("/api/v1/webhooks", tag="webhooks")


@routes.post("/{key:path}", status_code=202, response_model=EventAccepted, summary="Deliver a webhook")
@declares(Permission.PUBLIC, refusals=(401, 409), media=("*/*",))
async def deliver(
    shared: Shared,
    request: Request,
    key: Key,
    signature: Annotated[str, Header(alias="X-Attune-Signature", max_length=1024)] = "",
) -> EventAccepted:
    incoming = Incoming(
        key=key,
        body=await request.body(),
        media_type=media_type(request),
        signature=signature,
        user_agent=request.headers.get("user-agent", "")[:200],
        now=time.time(),
    )
    tolerance = shared.settings.webhook_tolerance
    return EventAccepted(event_id=await receive_webhook(shared.store, incoming, tolerance))
