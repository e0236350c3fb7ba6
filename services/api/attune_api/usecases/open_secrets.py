"""Opening the secrets of an execution for its current attempt, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from attune_api.auth import Principal
from attune_api.context import Context
from attune_api.errors import Conflict, Forbidden, NotFound
from attune_common.runtime import json
from attune_common.store import audit, requests, secrets
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault
from attune_core.access.keys import RESERVED, parse_key
from attune_core.expressions.markers import encode
from attune_core.expressions.secrets import Encoding, Secret, from_json
from attune_core.model.sealing import put

Place = list[str | int]


@dataclass(frozen=True, slots=True)
class Opened:
    """`values`: by place in the parameters. `hide`: what must not appear in anything that the attempt gives."""

    values: list[tuple[Place, Any]]
    hide: list[str]


async def open_secrets(context: Context, caller: Principal, execution: int) -> Opened:
    """Errors: Forbidden, NotFound (another execution's), Conflict (a secret is gone), SecretsUnavailable."""
    if caller.execution != execution:
        raise NotFound(f"there is no execution {execution} of this attempt")
    async with context.store.unit() as unit:
        row = await requests.secret_parameters(unit, execution)
        places: list[Place] = row["secrets"] or [] if row is not None else []
        found = [(place, _at(row["parameters"] if row is not None else {}, place)) for place in places]
        keys = frozenset[str]().union(*(secret.keys for _, secret in found))
        audit.about(", ".join(sorted(_named(keys))) or f"execution {execution}", execution=execution)
        await _check(unit, caller, _named(keys))
        known = await _values(unit, context.vault, keys)
    return Opened([(place, _opened(secret, known)) for place, secret in found], sorted(_texts(known.values())))


def _at(parameters: Any, place: Place) -> Secret:
    for step in place:
        parameters = parameters[step]
    return from_json(parameters)


def _named(keys: Iterable[str]) -> set[str]:
    """Those that were asked for by name; the others belong to the execution or to its pack."""
    return {key for key in keys if not key.startswith(RESERVED)}


async def _check(unit: Unit, caller: Principal, named: set[str]) -> None:
    """The rights may have changed since the run was allowed to name them."""
    readers = await secrets.readers(unit, named)
    for name in sorted(named):
        if name not in readers or not caller.rights.may_use(parse_key(name), readers[name]):
            audit.about(name)
            raise Forbidden(
                f"There is no secret {name!r} that this run may use",
                code="forbidden_secret",
                hint="it needs the right to run on the secret's pack, or to be one of the secret's readers",
            )


@dataclass(frozen=True, slots=True)
class OpenedValue:
    """`hide`: as in `Opened`."""

    value: Any
    hide: list[str]


async def open_in(unit: Unit, vault: Vault, value: Any) -> OpenedValue:
    """A value with every secret in it opened. Errors: Conflict (a secret is gone), SecretsUnavailable."""
    json, places = encode(value)
    found = [(place, _at(json, place)) for place in places]
    known = await _values(unit, vault, frozenset[str]().union(*(secret.keys for _, secret in found)))
    for place, secret in found:
        value = put(value, tuple(place), _opened(secret, known))
    return OpenedValue(value, sorted(_texts(known.values())))


async def _values(unit: Unit, vault: Vault, keys: frozenset[str]) -> dict[str, Any]:
    sealed = await secrets.sealed(unit, keys) if keys else {}
    missing = sorted(keys - sealed.keys())
    if missing:
        raise Conflict("a secret of these parameters is gone", code="secret_missing", hint="start it anew")
    return {key: vault.open(one) for key, one in sealed.items()}


def _opened(secret: Secret, known: Mapping[str, Any]) -> Any:
    """The secret's own JSON when it stands alone, else text."""
    if len(secret.parts) == 1:
        part = secret.parts[0]
        if not isinstance(part, str) and part.encoding is Encoding.PLAIN and isinstance(part.of, str):
            return known[part.of]
    return secret.open(lambda key: _text(known[key]))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value).decode()


def _texts(values: Iterable[Any]) -> set[str]:
    """Every text and number inside the values."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, Mapping):
            found |= _texts(value.values())
        elif isinstance(value, list):
            found |= _texts(value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found.add(_text(value))
    return found - {""}
