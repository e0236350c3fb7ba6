"""The files of `deploy/` fit together, as far as can be told without the tools that read them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from attune_common.runtime.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm/attune"
TEMPLATES = sorted((CHART / "templates").glob("*.yaml"))
_VALUE = re.compile(r"\.Values((?:\.\w+)+)")
_SETTING = re.compile(r"\bATTUNE_([A-Z_]+)\b")
_NOT_SETTINGS = {"ADMIN_TOKEN", "WORKER_TOKEN", "PORT", "NOTIFIER_PORT"}


def values() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return found


def test_the_chart_uses_values_that_there_are() -> None:
    for template in TEMPLATES:
        for path in _VALUE.findall(template.read_text()):
            found: Any = values()
            for name in path.strip(".").split("."):
                assert name in found, f"{template.name}: .Values{path}"
                found = found[name]


def test_the_values_are_as_their_schema_says() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema_rs.validate(schema, values())
    wrong = {**values(), "services": {**values()["services"], "api": {"replicas": "two", "port": 1}}}
    assert not jsonschema_rs.is_valid(schema, wrong)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_blocks_of_templates_are_closed(template: Path) -> None:
    actions = re.findall(r"{{-?\s*(.*?)\s*-?}}", template.read_text(), re.DOTALL)
    opened = sum(bool(re.match(r"(if|range|with|define)\b", action)) for action in actions)
    assert opened == sum(action == "end" for action in actions)


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
def test_helm_renders_it() -> None:
    command = ["helm", "template", "attune", str(CHART), "--set", "ingress.enabled=true"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kinds = [one["kind"] for one in yaml.safe_load_all(made) if one]
    assert kinds.count("Deployment") == 5


def test_every_variable_is_a_setting() -> None:
    known = {name.upper() for name in Settings.model_fields}
    files = [*TEMPLATES, *DEPLOY.glob("*.yaml"), *DEPLOY.glob("systemd/*"), DEPLOY / "images/Dockerfile"]
    for file in files:
        for name in _SETTING.findall(file.read_text()):
            assert name in known | _NOT_SETTINGS or name.split("__")[0] in known, f"{file.name}: ATTUNE_{name}"


def test_a_cluster_is_the_same_with_three_brokers() -> None:
    one = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    more = yaml.safe_load((DEPLOY / "compose.cluster.yaml").read_text())["services"]
    assert set(more) - set(one) == {"rabbitmq-2", "rabbitmq-3"}
    nodes = re.findall(r"rabbit@(\S+)", (DEPLOY / "rabbitmq/cluster.conf").read_text())
    hosts = {service.get("hostname") for service in (*one.values(), *more.values())}
    assert set(nodes) <= hosts
    on_the_bus = {name for name, service in one.items() if "ATTUNE_AMQP_URL" in (service.get("environment") or {})}
    assert on_the_bus - {"migrate"} <= set(more)


def test_containers_of_ours_have_a_read_only_root_and_no_rights() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ours = {name: service for name, service in services.items() if "build" in service}
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours.values())
    assert {name for name, service in ours.items() if "volumes" in service} == {"worker", "sensor"}
    users = re.findall(r"^USER (\S+)", (DEPLOY / "images/Dockerfile").read_text(), re.MULTILINE)
    assert users[0] == users[-1] == "10001:10001"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("systemd/*.service")), ids=lambda path: path.stem)
def test_systemd_understands_the_units(unit: Path) -> None:
    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    told = [line for line in checked.stderr.splitlines() if unit.name in line and "is not executable" not in line]
    assert told == []
