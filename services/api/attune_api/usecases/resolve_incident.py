"""An incident is resolved: what it had set aside goes on with the messages that were kept, or is cancelled."""

from __future__ import annotations

from typing import Literal

from attune_api.auth import Principal
from attune_api.errors import Conflict, NotFound
from attune_api.usecases import cancel_execution, close_dead_letters, control_run
from attune_common.bus.bus import Bus
from attune_common.contracts.incident import IncidentResolved
from attune_common.store import dead_letters, incidents
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit

Action = Literal["continue", "cancel"]


async def resolve_incident(store: Store, bus: Bus, caller: Principal, incident: int, action: Action, note: str) -> None:
    """Errors: NotFound; Conflict when it is resolved, or what it names cannot be cancelled."""

    async def work(unit: Unit) -> None:
        row = await incidents.lock(unit, incident)
        if row is None:
            raise NotFound(f"there is no incident {incident}")
        if row["resolved"] is not None:
            raise Conflict("this incident has been resolved", code="already_resolved")
        kept = await dead_letters.lock_of_incident(unit, incident)
        if action == "cancel":
            await _cancel(unit, row)
            await dead_letters.close(unit, [letter["id"] for letter in kept], "discarded", caller.id)
        else:
            await close_dead_letters.send_back(unit, bus, kept, caller.id)
        await incidents.resolve(unit, incident, _RESOLUTIONS[action], caller.id, note)
        told = {"kind": row["kind"], "subject": row["subject"], "resolution": _RESOLUTIONS[action]}
        unit.emit(IncidentResolved(incident_id=incident, **told))

    await store.retrying(work)


_RESOLUTIONS: dict[Action, incidents.Resolution] = {"continue": "continued", "cancel": "cancelled"}


async def _cancel(unit: Unit, row: Row) -> None:
    if row["workflow_run"] is not None:
        await control_run.request(unit, row["workflow_run"], "cancel", {"reason": f"incident {row['id']}"})
    elif row["execution"] is not None:
        await cancel_execution.request(unit, row["execution"])
    else:
        raise Conflict(
            f"{row['subject']} cannot be cancelled",
            code="not_cancellable",
            hint="only runs and executions can; this one can be let go on",
        )
