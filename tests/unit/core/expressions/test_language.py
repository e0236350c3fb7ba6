"""The templates of the language's own documentation compile as written and give what it says."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.expressions.render import compile_condition, compile_value
from attune_core.expressions.scope import Scope

SCOPE = Scope(
    tasks={
        "deploy": {"status": "completed", "result": {"id": 7}},
        "create_deployment": {"status": "completed", "result": {"id": "d1", "health_url": "http://h"}},
        "require_approval": {"status": "completed", "result": {"approved": True}},
        "flaky_api_call": {"status": "failed", "error": {"type": "timeout"}},
        "process_large_dataset": {"status": "completed", "total_count": 250},
    },
    vars={
        "base_path": " /srv ",
        "raw_config": '{"a": [1]}',
        "data": {"a": 1},
        "results": [1, 2, 3],
        "large_list": list(range(250)),
        "host": "example.org",
        "records": [{"n": 1}],
    },
    parameters={
        "app_name": "shop",
        "environment": "production",
        "version": "1.2",
        "regions": ["eu", "us"],
        "all_regions": [{"name": "eu", "enabled": True}, {"name": "us", "enabled": False}],
    },
    pack_config={"docker_registry": "registry.local"},
    kv={"feature.flags.enabled": True}.__getitem__,
    item=["f1", "f2"],
    index=3,
)

VALUES: list[tuple[str, Any]] = [
    ("{{ parameters.app_name | upper }}", "SHOP"),
    ("{{ vars.base_path | trim | append('/logs') }}", "/srv/logs"),
    ("{{ vars.raw_config | from_json }}", {"a": [1]}),
    ("{{ vars.data | to_json }}", '{"a": 1}'),
    ("{{ parameters.all_regions | filter(enabled=true) }}", [{"name": "eu", "enabled": True}]),
    ("{{ parameters.regions | first }}", "eu"),
    ("{{ vars.results | length }}", 3),
    ("{{ vars.large_list | batch(size=100) | map('length') | list }}", [100, 100, 50]),
    ("{{ task.deploy.status | default('unknown') }}", "completed"),
    ("{{ vars.host | default('localhost') | prepend('https://') }}", "https://example.org"),
    ("{{ vars.nohost | default('localhost') | prepend('https://') }}", "https://localhost"),
    ("{{ kv.get('feature.flags.enabled', default=false) }}", True),
    ("{{ item }}", ["f1", "f2"]),
    ("{{ index }}", 3),
    ("{{ vars.records }}", [{"n": 1}]),
    ("{{ task.process_large_dataset.total_count }}", 250),
    ("{{ task.create_deployment.result.health_url }}", "http://h"),
    ("{{ pack.config.docker_registry }}", "registry.local"),
    ("{{ parameters.app_name }}-{{ parameters.environment }}", "shop-production"),
    ("Approve production deployment of {{ parameters.app_name }}?", "Approve production deployment of shop?"),
    ("✅ Deployed {{ parameters.app_name }} v{{ parameters.version }}", "✅ Deployed shop v1.2"),
]


@pytest.mark.parametrize(("source", "expected"), VALUES)
def test_values(source: str, expected: Any) -> None:
    assert compile_value(source).render(SCOPE) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ parameters.environment == 'production' }}",
        "{{ task.require_approval.result.approved == true }}",
        "{{ task.flaky_api_call.error.type == 'timeout' }}",
        "succeeded('deploy') and not failed('deploy')",
    ],
)
def test_conditions(source: str) -> None:
    assert compile_condition(source).test(SCOPE) is True


def test_a_secret_is_announced() -> None:
    assert compile_value("{{ kv.get_secret('api.credentials.token') }}").reads.secret_keys == {"api.credentials.token"}
