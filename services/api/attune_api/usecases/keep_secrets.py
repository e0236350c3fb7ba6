"""Setting, showing, removing and rotating secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from attune_api.errors import NotFound, PreconditionFailed
from attune_api.preconditions import Expected
from attune_common.store import audit, secrets
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Vault

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Given:
    """What a secret is to become. `has_value` false: its value stays, and only what is said of it changes."""

    value: Any
    has_value: bool
    description: str | None = None
    readers: Sequence[str] | None = None


async def put_secret(store: Store, vault: Vault, key: str, given: Given, expected: Expected) -> Row:
    """The stored row with `made`. Errors: NotFound, PreconditionFailed, SecretsUnavailable."""

    async def work(unit: Unit) -> Row:
        current = await secrets.lock(unit, key)
        expected.check(current)
        audit.about(key, value_set=given.has_value)
        if given.has_value:
            row = await secrets.put(unit, vault.seal(key, given.value), given.description, given.readers)
            if row["made"] and expected.tags:
                raise PreconditionFailed("it was removed in this moment", hint="read it again")
            return row
        described = await secrets.describe(unit, key, given.description, given.readers)
        if described is None:
            raise _missing(key)
        return described

    return await store.retrying(work)


async def reveal_secret(store: Store, vault: Vault, key: str) -> Any:
    """The value. Errors: NotFound, SecretsUnavailable, SecretDamaged."""
    async with store.unit() as unit:
        found = (await secrets.sealed(unit, [key])).get(key)
        if found is None:
            raise _missing(key)
        return vault.open(found)


async def delete_secret(store: Store, key: str, expected: Expected) -> None:
    """Errors: NotFound, PreconditionFailed."""
    async with store.unit() as unit:
        expected.check(await secrets.lock(unit, key))
        if not await secrets.delete(unit, key):
            raise _missing(key)


@dataclass(frozen=True, slots=True)
class Rotated:
    """`secrets`: how many were wrapped anew. `wrapped_by`: how many each master key wraps now."""

    primary: str
    secrets: int
    wrapped_by: dict[str, int]


async def rotate_secrets(store: Store, vault: Vault) -> Rotated:
    """Wrap every data key by the primary master key; repeatable, also after it was cut off in the middle.

    Errors: SecretsUnavailable, SecretDamaged.
    """
    primary, count, after = vault.keyring.primary.id, 0, ""
    audit.about(primary)
    while True:
        found = await store.retrying(partial(_rotate_some, vault=vault, primary=primary, after=after))
        if not found:
            break
        count, after = count + len(found), found[-1]
    async with store.connection() as connection:
        return Rotated(primary, count, await secrets.by_master_key(connection))


async def _rotate_some(unit: Unit, vault: Vault, primary: str, after: str) -> list[str]:
    """The keys that were wrapped anew, in order."""
    found = await secrets.under_others(unit, primary, after, _AT_ONCE)
    await secrets.rewrap(unit, [new for one in found if (new := vault.rewrap(one)) is not None])
    return [one.key for one in found]


def _missing(key: str) -> NotFound:
    return NotFound(f"there is no secret {key!r}")
