"""Parameters that their action calls secret are sealed before they are stored, whoever gave them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from attune_common.vault.envelope import Sealed, Vault
from attune_core.expressions.markers import holds_secret
from attune_core.expressions.secrets import Secret
from attune_core.model.sealing import Path, replaced, secret_paths


def seal_parameters(
    vault: Vault, schema: Mapping[str, Any] | None, parameters: dict[str, Any]
) -> tuple[dict[str, Any], list[Sealed]]:
    """(parameters with secrets for what was in the clear, what is to be stored for them).

    Errors: SecretsUnavailable.
    """
    sealed: list[Sealed] = []

    def change(value: Any) -> Any:
        if value is None or value == "" or isinstance(value, Secret):
            return value
        if holds_secret(value):
            return _each(value)
        key = f"value:{uuid.uuid4().hex}"
        sealed.append(vault.seal(key, value))
        return Secret.of(key)

    def _each(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: change(member) for name, member in value.items()}
        return [change(member) for member in value]

    found: Any = parameters
    for path in _below_the_top(secret_paths(schema, parameters), parameters):
        found = replaced(found, path, change)
    return found, sealed


def _below_the_top(paths: list[Path], parameters: Mapping[str, Any]) -> list[Path]:
    """Parameters as a whole stay a map: where all of it is secret, each of them is."""
    return [(name,) for name in parameters] if () in paths else paths
