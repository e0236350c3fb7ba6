"""What the handlers of one app share, and how a handler asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from attune_common.bus.bus import Bus
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from fastapi import Depends, Request


@dataclass(slots=True)
class Context:
    """`prepared`: the tokens of the settings and the core pack are in the database."""

    store: Store
    bus: Bus
    settings: Settings
    prepared: bool = field(default=False)


def context_of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(context_of)]
