"""Dashboard and alarms ask for metrics that there are, with labels that these have."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import runpy
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy/observe/grafana/attune.json"
ALERTS = ROOT / "deploy/observe/alerts.yaml"
SERVICES = ("attune_api", "attune_executor", "attune_worker", "attune_notifier", "attune_sensor", "attune_common")
AT_WORK = {"attune_api_requests_total", "attune_api_request_seconds", "attune_worker_jobs"}
"""Made when their part first works."""

_NAME = re.compile(r"\battune_[a-z_]+\b")


def known() -> dict[str, tuple[str, ...]]:
    """Every metric of the services with its labels."""
    for service in SERVICES:
        package = importlib.import_module(service)
        for module in pkgutil.walk_packages(package.__path__, f"{service}."):
            if "__main__" not in module.name:
                importlib.import_module(module.name)
    found: dict[str, tuple[str, ...]] = {}
    for collector, names in REGISTRY._collector_to_names.items():
        labels = tuple(getattr(collector, "_labelnames", ()))
        found.update(dict.fromkeys(names, labels))
    return found


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    shown = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    rules = yaml.safe_load(ALERTS.read_text())["groups"]
    return shown + [rule["expr"] for group in rules for rule in group["rules"]]


@pytest.fixture(scope="module")
def metrics() -> dict[str, tuple[str, ...]]:
    return known()


def test_every_name_is_one_of_a_metric(metrics: dict[str, tuple[str, ...]]) -> None:
    asked = {name for expression in expressions() for name in _NAME.findall(expression)}
    plain = {name.removesuffix("_bucket") for name in asked}
    assert len(plain) > 25
    assert sorted(plain - set(metrics) - AT_WORK) == []


def test_every_label_is_one_of_its_metrics(metrics: dict[str, tuple[str, ...]]) -> None:
    known_labels = {label for labels in metrics.values() for label in labels} | {"le", "instance", "route", "method"}
    for expression in expressions():
        by = [name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")]
        assert set(by) <= known_labels | {""}, expression


def test_every_alarm_says_what_to_do() -> None:
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"], rule
            assert rule["annotations"]["description"], rule
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_dashboard_is_what_its_script_makes() -> None:
    made = runpy.run_path(str(ROOT / "scripts/dashboard.py"))["dashboard"]()
    assert json.loads(DASHBOARD.read_text()) == made


def test_the_guide_names_only_metrics_that_there_are(metrics: dict[str, tuple[str, ...]]) -> None:
    page = (ROOT / "docs/operations/observing.md").read_text()
    told = set(re.findall(r"^\| `(attune_[a-z_]+)` \|", page, re.MULTILINE))
    assert len(told) > 40
    assert sorted(told - set(metrics) - AT_WORK - {"attune_sensor_running"}) == []
