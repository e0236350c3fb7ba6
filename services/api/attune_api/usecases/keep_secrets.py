"""Setting, showing, removing and rotating secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from attune_api.errors import NotFound, PreconditionFailed
from attune_api.preconditions import Expected
from attune_common.store import audit, secrets
from attune_common.store.connection import Row
from attune_common.store.store import Store
from attune_common.store.unit import Unit
from attune_common.vault.envelope import Sealed, Vault
from attune_common.vault.errors import SecretDamaged, UnknownMasterKey
from attune_core.errors import AttuneError

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
    """`secrets`: how many were wrapped anew. `failed`: those that stay as they are: key -> why. `next`: go on there."""

    primary: str
    secrets: int
    failed: dict[str, AttuneError]
    next: str | None
    wrapped_by: dict[str, int]


async def rotate_secrets(store: Store, vault: Vault, after: str) -> Rotated:
    """Wrap the next data keys, in the order of their names, by the primary master key.

    Each part is a transaction: whoever was cut off begins anew, and what is done is not done again. A secret that
    cannot be opened stays as it is and keeps nobody from the others. Errors: SecretsUnavailable.
    """
    primary = vault.keyring.primary.id
    audit.about(primary)
    failed: dict[str, AttuneError] = {}

    async def work(unit: Unit) -> list[Sealed]:
        failed.clear()
        found = await secrets.under_others(unit, primary, after, _AT_ONCE)
        await secrets.rewrap(unit, list(_rewrapped(vault, found, failed)))
        return found

    found = await store.retrying(work)
    following = found[-1].key if len(found) == _AT_ONCE else None
    async with store.connection() as connection:
        counts = await secrets.by_master_key(connection)
    return Rotated(primary, len(found) - len(failed), dict(failed), following, counts)


def _rewrapped(vault: Vault, found: Iterable[Sealed], failed: dict[str, AttuneError]) -> Iterator[Sealed]:
    for one in found:
        try:
            new = vault.rewrap(one)
        except (UnknownMasterKey, SecretDamaged) as problem:
            failed[one.key] = problem
            continue
        if new is not None:
            yield new


def _missing(key: str) -> NotFound:
    return NotFound(f"there is no secret {key!r}")
