"""Writes deploy/observe/grafana/attune.json: the dashboard, from the list of its panels below."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "deploy/observe/grafana/attune.json"
QUANTILE = "histogram_quantile({q}, sum by (le{by}) (rate({name}_bucket[$__rate_interval])))"


def rate(name: str, by: str) -> str:
    return f"sum by ({by}) (rate({name}[$__rate_interval]))"


def quantile(name: str, q: float = 0.99, by: str = "") -> str:
    return QUANTILE.format(q=q, name=name, by=f", {by}" if by else "")


ROWS: list[tuple[str, list[tuple[str, str, list[tuple[str, str]]]]]] = [
    ("Workflows", [
        ("Ended per second", "ops", [(rate("attune_workflow_executions_total", "status"), "{{status}}")]),
        ("Share that failed", "percentunit", [(
            'sum(rate(attune_workflow_executions_total{status!="completed"}[$__rate_interval])) '
            "/ sum(rate(attune_workflow_executions_total[$__rate_interval]))", "failed")]),
        ("Duration, 95 %, by workflow", "s", [
            (quantile("attune_workflow_execution_duration_seconds", 0.95, "workflow"), "{{workflow}}")]),
        ("Tasks ended per second", "ops", [(rate("attune_tasks_total", "status"), "{{status}}")]),
        ("Task duration, 95 %, by workflow", "s", [
            (quantile("attune_task_execution_duration_seconds", 0.95, "workflow"), "{{workflow}}")]),
        ("Retries per second", "ops", [(rate("attune_task_retries_total", "workflow"), "{{workflow}}")]),
    ]),
    ("What waits", [
        ("Executions that have not ended", "short", [("max by (status) (attune_executions_live)", "{{status}}")]),
        ("Queue depth", "short", [("max by (queue) (attune_queue_depth)", "{{queue}}")]),
        ("Oldest job, event, timer, message", "s", [
            ("max(attune_jobs_lag_seconds)", "job"), ("max(attune_events_lag_seconds)", "event"),
            ("max(attune_timers_late_seconds)", "timer"), ("max(attune_outbox_age_seconds)", "outbox")]),
        ("Incidents and dead letters", "short", [
            ("max(attune_incidents_open)", "incidents"), ("max(attune_dead_letters_new)", "dead letters")]),
    ]),
    ("Engine", [
        ("Batch, commit, decision, 99 %", "s", [
            (quantile("attune_executor_batch_seconds"), "batch"),
            (quantile("attune_database_transaction_seconds"), "transaction"),
            (quantile("attune_executor_decision_seconds"), "decision with templates")]),
        ("Broker: confirmation, 99 %", "s", [(quantile("attune_bus_publish_seconds"), "publish")]),
        ("Database: round trip and pool, 99 %", "s", [
            (quantile("attune_database_round_trip_seconds"), "round trip"),
            (quantile("attune_database_acquire_seconds"), "waiting for a connection")]),
        ("Workers lost, sweeps, stale reports", "ops", [
            (rate("attune_leases_lost_total", "then"), "lost, then {{then}}"),
            (rate("attune_executor_swept_total", "sweep"), "swept {{sweep}}"),
            (rate("attune_executor_stale_total", "kind"), "stale {{kind}}")]),
    ]),
    ("Edges", [
        ("Requests per second", "ops", [(rate("attune_api_requests_total", "status"), "{{status}}")]),
        ("Answer, 99 %, by route", "s", [(quantile("attune_api_request_seconds", 0.99, "route"), "{{route}}")]),
        ("Attempts on workers", "ops", [(rate("attune_worker_attempts_total", "status"), "{{status}}")]),
        ("Attempt, 95 %, by runtime", "s", [
            (quantile("attune_worker_attempt_seconds", 0.95, "runtime"), "{{runtime}}")]),
        ("Attempts in hand", "short", [("sum by (instance) (attune_worker_jobs)", "{{instance}}")]),
        ("Live streams", "short", [("sum(attune_notifier_streams)", "open")]),
    ]),
]  # fmt: skip


def panel(number: int, place: tuple[int, int], title: str, unit: str, queries: list[tuple[str, str]]) -> dict[str, Any]:
    targets = [
        {"refId": chr(65 + n), "expr": expression, "legendFormat": legend, "datasource": "$datasource"}
        for n, (expression, legend) in enumerate(queries)
    ]
    return {
        "id": number, "type": "timeseries", "title": title, "datasource": "$datasource", "targets": targets,
        "gridPos": {"x": place[0], "y": place[1], "w": 8, "h": 7},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
    }  # fmt: skip


def panels() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    y = 0
    for name, group in ROWS:
        grid = {"x": 0, "y": y, "w": 24, "h": 1}
        made.append({"id": len(made) + 1, "type": "row", "title": name, "gridPos": grid, "panels": []})
        for place, (title, unit, queries) in enumerate(group):
            made.append(panel(len(made) + 1, (place % 3 * 8, y + 1 + place // 3 * 7), title, unit, queries))
        y += 1 + (len(group) + 2) // 3 * 7
    return made


def dashboard() -> dict[str, Any]:
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "uid": "attune", "title": "Attune", "tags": ["attune"], "schemaVersion": 39, "editable": True,
        "refresh": "10s", "time": {"from": "now-1h", "to": "now"}, "templating": {"list": [source]},
        "panels": panels(),
    }  # fmt: skip


if __name__ == "__main__":
    TARGET.write_text(json.dumps(dashboard(), indent=1) + "\n")
