"""/workflow-executions/{id}/graph and /explain: where a run stands, which ways it took, and why it waits."""

from __future__ import annotations

from attune_api import belongs
from attune_api.context import Shared
from attune_api.names import Id
from attune_api.permissions import Permission
from attune_api.routing import declares, router
from attune_api.runstate import see
from attune_api.views import explanation as explanations
from attune_api.views import graph as graphs
from attune_common.store import inquiry_views, policies, run_views
from attune_core.workflow.trail import read_trail

routes = router("/api/v1/workflow-executions", tag="workflow executions")
_SHOWN = 200
"""How many executions, timers and inquiries an explanation looks at."""


@routes.get("/{id}/graph", response_model=graphs.GraphView, summary="Get the execution graph")
@declares(Permission.READ, refusals=(404,), of=belongs.run)
async def graph(shared: Shared, id: Id) -> graphs.GraphView:
    """Every task with its state, every transition with its condition and whether it fired."""
    async with shared.store.connection() as connection:
        seen = await see(connection, id)
        trail = read_trail(await run_views.endings(connection, id))
    return graphs.graph(seen, trail)


@routes.get("/{id}/explain", response_model=explanations.Explanation, summary="Say why a run is where it is")
@declares(Permission.READ, refusals=(404,), of=belongs.run)
async def explain(shared: Shared, id: Id) -> explanations.Explanation:
    """Sentences: what each task waits for, and which transitions did not fire and why."""
    async with shared.store.connection() as connection:
        seen = await see(connection, id)
        trail = read_trail(await run_views.endings(connection, id))
        works = await run_views.works(connection, id, _SHOWN, shared.settings.lease_seconds)
        around = explanations.surroundings(
            seen,
            works,
            await run_views.due(connection, id, _SHOWN),
            await inquiry_views.of_run(connection, id, _SHOWN),
            await run_views.asked(connection, id),
            await run_views.incident(connection, id),
            await policies.waits_for(connection, [row["id"] for row in works if row["status"] == "scheduling"]),
        )
    return explanations.explanation(seen, trail, around)
