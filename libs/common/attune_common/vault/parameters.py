"""What a schema calls secret is sealed before it is stored: parameters, payloads of events, configurations of packs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attune_common.vault.envelope import Sealed, Vault
from attune_core.expressions.markers import holds_secret
from attune_core.expressions.secrets import Secret
from attune_core.model.sealing import Path, marks_secrets, replaced, secret_paths

Name = Callable[[Path], str]


def seal_parameters(
    vault: Vault, schema: Mapping[str, Any] | None, parameters: dict[str, Any]
) -> tuple[dict[str, Any], list[Sealed]]:
    """(parameters with secrets for what was in the clear, what is to be stored for them).

    Errors: SecretsUnavailable.
    """
    return _seal(vault, schema, parameters, lambda _: f"value:{uuid.uuid4().hex}")


def seal_payload(vault: Vault, schema: Mapping[str, Any] | None, payload: Any) -> tuple[Any, list[Sealed]]:
    """The same of an event's payload, which may be any JSON."""
    if not marks_secrets(schema):
        return payload, []
    return _seal(vault, schema, payload, lambda _: f"value:{uuid.uuid4().hex}")


def seal_config(
    vault: Vault, pack: str, schema: Mapping[str, Any] | None, config: dict[str, Any]
) -> tuple[dict[str, Any], list[Sealed]]:
    """The same of a pack's configuration. Its secrets keep their names: what named one before gets the new value."""
    return _seal(vault, schema, config, lambda path: config_key(pack, path))


def config_key(pack: str, path: Path) -> str:
    return f"config:{pack}/" + "/".join(map(str, path))


def _seal(vault: Vault, schema: Mapping[str, Any] | None, values: Any, name: Name) -> tuple[Any, list[Sealed]]:
    sealing = _Sealing(vault, name)
    found: Any = values
    for path in places(schema, values):
        found = replaced(found, path, partial(sealing.change, path=path))
    return found, sealing.sealed


class _Sealing:
    def __init__(self, vault: Vault, name: Name) -> None:
        self._vault = vault
        self._name = name
        self.sealed: list[Sealed] = []

    def change(self, value: Any, path: Path) -> Any:
        if value is None or value == "" or isinstance(value, Secret):
            return value
        if holds_secret(value):
            return self._each(value, path)
        key = self._name(path)
        self.sealed.append(self._vault.seal(key, value))
        return Secret.of(key)

    def _each(self, value: Any, path: Path) -> Any:
        if isinstance(value, Mapping):
            return {step: self.change(member, (*path, step)) for step, member in value.items()}
        return [self.change(member, (*path, place)) for place, member in enumerate(value)]


def places(schema: Mapping[str, Any] | None, values: Any) -> list[Path]:
    """Where secrets stand. The whole stays a map: where all of it is secret, each member is."""
    paths = secret_paths(schema, values)
    return [(name,) for name in values] if () in paths and isinstance(values, Mapping) else paths
