"""What the checker may know of this installation."""

from __future__ import annotations

from attune_common.store import actions, packs, triggers
from attune_common.store.connection import Connection
from attune_core.definition.known import Known


async def installed(connection: Connection) -> Known:
    """Every action with its parameters, every trigger, every pack that is registered now."""
    versions = await packs.registered(connection)
    return Known(
        actions=await actions.known(connection),
        packs=frozenset(versions),
        versions=versions,
        triggers=await triggers.refs(connection),
        timers=await triggers.set_by_rules(connection),
    )
