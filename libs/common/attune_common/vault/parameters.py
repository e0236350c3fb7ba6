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
    sealed: list[Sealed] = []

    def change(value: Any, path: Path) -> Any:
        if value is None or value == "" or isinstance(value, Secret):
            return value
        if holds_secret(value):
            return each(value, path)
        key = name(path)
        sealed.append(vault.seal(key, value))
        return Secret.of(key)

    def each(value: Any, path: Path) -> Any:
        if isinstance(value, Mapping):
            return {step: change(member, (*path, step)) for step, member in value.items()}
        return [change(member, (*path, place)) for place, member in enumerate(value)]

    found: Any = values
    for path in places(schema, values):
        found = replaced(found, path, partial(change, path=path))
    return found, sealed


def places(schema: Mapping[str, Any] | None, values: Any) -> list[Path]:
    """Where secrets stand. The whole stays a map: where all of it is secret, each member is."""
    paths = secret_paths(schema, values)
    return [(name,) for name in values] if () in paths and isinstance(values, Mapping) else paths
