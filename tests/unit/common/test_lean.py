"""Services import what they use: nothing that is only there because it is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from attune_common.runtime.lean import without

_NEEDLESS = {
    "attune_executor.app": ("rich", "uvicorn", "typer", "cryptography", "jsonschema_rs", "fastapi"),
    "attune_worker.app": ("rich", "uvicorn", "typer", "jinja2", "jsonschema_rs", "asyncpg", "fastapi"),
    "attune_notifier.app": ("rich", "typer", "cryptography", "jinja2", "asyncpg", "pydantic.v1"),
    "attune_api.app": ("rich", "typer", "cryptography", "jwt", "pydantic.v1", "faststream"),
}


@pytest.mark.parametrize("module", _NEEDLESS)
def test_a_service_loads_no_more_than_it_uses(module: str) -> None:
    program = f"import sys, attune_cli.settings, {module}\n"
    if "faststream" not in _NEEDLESS[module]:
        program += "import attune_common.bus.rabbitmq.bus\n"
    program += f"print(*({set(_NEEDLESS[module])!r} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []


def test_what_is_hidden_can_be_imported_afterwards() -> None:
    name = "this"
    sys.modules.pop(name, None)
    with without(name, "sys"), pytest.raises(ImportError):
        __import__(name)
    assert name not in sys.modules
    assert "sys" in sys.modules
