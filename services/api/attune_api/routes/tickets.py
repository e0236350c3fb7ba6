"""/tickets: for pages, whose EventSource and WebSocket cannot send a token."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from attune_api.auth import Caller
from attune_api.context import Shared
from attune_api.errors import Forbidden, Unauthenticated
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_common.store import tokens

routes = router("/api/v1/tickets", tag="stream")
SECONDS = 30.0


class Ticket(BaseModel):
    """For the parameter `ticket` of a stream, one time, until `expires`."""

    ticket: str
    expires: datetime


class Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ticket: str = Field(max_length=400)


class Listener(BaseModel):
    """`token` may read, and ends with the one that the ticket was made with."""

    token: str


@routes.post("", status_code=201, response_model=Ticket, summary="A ticket that opens one stream")
@declares(Permission.READ, scoped=True, quiet=True)
async def make(shared: Shared, caller: Caller) -> Ticket:
    """The stream shows what you may see, as long as the token is valid that this is asked with."""
    if caller.is_action:
        raise Forbidden("an action needs no ticket", hint="send its token as the header Authorization")
    ticket = tokens.make()
    async with shared.store.unit() as unit:
        expires = await tokens.insert_ticket(unit, ticket, caller.token, SECONDS)
    if expires is None:
        raise Unauthenticated()
    return Ticket(ticket=ticket.text, expires=expires)


@routes.post("/take", response_model=Listener, summary="Take a ticket: for notifiers")
@declares(Permission.PUBLIC, refusals=(401,), quiet=True)
async def take(shared: Shared, body: Taken) -> Listener:
    """Once. A ticket that was taken, is too old or never was gets the same answer."""
    ticket = tokens.parse(body.ticket)
    async with shared.store.unit() as unit:
        seconds = float(shared.settings.session_seconds)
        token = ticket and await tokens.take_ticket(unit, ticket, tokens.make().secret, seconds)
    if token is None:
        raise Unauthenticated("this ticket opens nothing", code="bad_ticket", hint="POST /api/v1/tickets")
    return Listener(token=token.text)
