"""Addresses: what they take, who may, and which use case or reading they lead to."""

from __future__ import annotations

from attune_api.routes import (
    access,
    catalog,
    events,
    executions,
    inquiries,
    kv,
    operations,
    packs,
    rules,
    run_insights,
    sensors,
    webhooks,
    workflow_executions,
    workflows,
)

ROUTERS = (
    operations.routes,
    access.routes,
    packs.routes,
    workflows.routes,
    catalog.routes,
    rules.routes,
    sensors.routes,
    executions.routes,
    workflow_executions.routes,
    run_insights.routes,
    inquiries.routes,
    webhooks.routes,
    events.routes,
    kv.routes,
)
