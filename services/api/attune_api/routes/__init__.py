"""Addresses: what they take, who may, and which use case or reading they lead to."""

from __future__ import annotations

from attune_api.routes import (
    access,
    audit,
    catalog,
    events,
    executions,
    identities,
    inquiries,
    kv,
    operations,
    packs,
    rules,
    run_insights,
    secrets,
    sensors,
    webhooks,
    workflow_executions,
    workflows,
)

ROUTERS = (
    operations.routes,
    access.routes,
    identities.routes,
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
    secrets.routes,
    audit.routes,
)
