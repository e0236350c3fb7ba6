"""Settings come from `ATTUNE_*` variables; arguments win; limits can be set one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from attune_common.runtime.settings import Settings


def test_variables_and_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_API_PORT", "9000")
    monkeypatch.setenv("ATTUNE_WORKER_POOLS", "default, gpu,")
    monkeypatch.setenv("ATTUNE_LIMITS__TASKS", "7")
    monkeypatch.setenv("ATTUNE_UNHEARD_OF", "1")
    settings = Settings(notifier_port=9001)
    assert (settings.api_port, settings.notifier_port) == (9000, 9001)
    assert settings.pools == ("default", "gpu")
    assert settings.limits.tasks == 7
    assert Settings(api_port=1).api_port == 1


def test_the_data_directory_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.delenv("ATTUNE_DATA_DIR", raising=False)
    assert Settings().data_dir == Path("/somewhere/.local/share/attune")


def test_a_nonsensical_value_is_refused() -> None:
    with pytest.raises(ValidationError, match="pool_size"):
        Settings(pool_size=0)


def test_every_limit_is_shown() -> None:
    shown = Settings().all_limits()
    assert shown["max_body"] == 1024 * 1024
    assert shown["tasks"] == 1_000
    assert all(isinstance(value, int) and value > 0 for value in shown.values())
