"""Addresses: what they take, who may, and which use case or reading they lead to."""

from __future__ import annotations

from attune_api.routes import (
    access,
    catalog,
    events,
    executions,
    kv,
    operations,
    packs,
    rules,
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
    executions.routes,
    workflow_executions.routes,
    webhooks.routes,
    events.routes,
    kv.routes,
)
