"""Packs and their files as stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attune_common.store import queries
from attune_common.store.connection import Connection, Row
from attune_core.expressions.markers import encode
from attune_core.model.names import pack_of

_SQL = queries.load("packs")


@dataclass(frozen=True, slots=True)
class PackRow:
    """A pack as it is to be stored; `config` are the values that `conf_schema` describes, secrets as `Secret`.

    `config_set`: those that somebody set. `environments`: values by environment; `environment`: whose count.
    """

    ref: str
    label: str
    description: str
    version: str
    digest: str
    manifest: Mapping[str, Any]
    conf_schema: Mapping[str, Any] | None
    config: Mapping[str, Any]
    config_set: Sequence[str] = ()
    environment: str = ""
    environments: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


KEPT_VERSIONS = 10


async def get(connection: Connection, ref: str) -> Row | None:
    return await connection.fetchrow(_SQL.get, ref)


async def exists(connection: Connection, ref: str) -> bool:
    return bool(await connection.fetchval(_SQL.exists, ref))


async def lock(unit: Connection, ref: str) -> None:
    """Keep others from changing this pack (which need not exist) until the unit ends."""
    await unit.execute(_SQL.lock, ref)


async def page(
    connection: Connection,
    after: str | None,
    limit: int,
    packs: Sequence[str] | None = None,
    *,
    archived: bool = False,
) -> list[Row]:
    """By ref. `packs`: these alone. `archived`: those too."""
    return await connection.fetch(_SQL.page, after, limit, None if packs is None else list(packs), archived)


async def registered(connection: Connection) -> dict[str, str]:
    """The version of each pack that is registered and not archived, by ref."""
    return {row["ref"]: row["version"] for row in await connection.fetch(_SQL.registered)}


async def contents(connection: Connection, pack: int) -> dict[str, list[str]]:
    """The refs of the pack's actions, workflows, triggers and rules, sorted."""
    found: dict[str, list[str]] = {"actions": [], "workflows": [], "triggers": [], "rules": []}
    for row in await connection.fetch(_SQL.contents, pack):
        found[row["kind"]].append(row["ref"])
    return found


async def put(unit: Connection, pack: PackRow, archive: bytes) -> Row:
    """Store the pack and its archive, replacing an older version; the stored row."""
    await unit.execute(_SQL.put_content, pack.digest, archive)
    config, places = encode(dict(pack.config))
    row = await unit.fetchrow(
        _SQL.put, pack.ref, pack.label, pack.description, pack.version, pack.digest,
        dict(pack.manifest), pack.conf_schema, config, places or None, list(pack.config_set), pack.environment,
        dict(pack.environments), dict(pack.source),
    )  # fmt: skip
    await unit.execute(_SQL.forget_old_content)
    assert row is not None
    return row


async def keep_version(unit: Connection, pack: int, stored: PackRow) -> None:
    """What is stored now is the current version; those that nobody runs any more are kept up to a number."""
    version = await unit.fetchval(
        _SQL.keep_version, pack, stored.ref, stored.version, stored.digest, dict(stored.source)
    )
    await unit.execute(_SQL.keep_actions, pack, version)
    await unit.execute(_SQL.set_current, pack, version)
    await unit.execute(_SQL.forget_versions, pack, KEPT_VERSIONS)


async def versions(connection: Connection, ref: str) -> list[Row]:
    """Of id, version, digest, source, registered and current; what was registered last comes first."""
    return await connection.fetch(_SQL.versions, ref)


async def set_enabled(unit: Connection, ref: str, enabled: bool, *, archived: bool = False) -> bool:
    """False when there is no such pack."""
    return await unit.execute(_SQL.set_enabled, ref, enabled, archived) > 0


@dataclass(frozen=True, slots=True)
class Use:
    """Something of another pack, or of nobody's, that needs a pack: `rule`, `workflow` or `sensor`; `what` it names."""

    kind: str
    ref: str
    what: str


async def uses(connection: Connection, ref: str) -> list[Use]:
    """Rules and sensors that name what the pack brings."""
    found = [
        Use("rule", row["ref"], named)
        for row in await connection.fetch(_SQL.using_rules, ref)
        for named in (row["trigger_ref"], row["action_ref"])
        if pack_of(named) == ref
    ]
    sensors = await connection.fetch(_SQL.using_sensors, ref)
    return found + [Use("sensor", row["ref"], row["trigger"]) for row in sensors]


async def callers(connection: Connection, ref: str) -> list[Row]:
    """Ref and definition of workflows of other packs in which something of the pack might be named."""
    return await connection.fetch(_SQL.calling_workflows, ref)


async def needs(connection: Connection, ref: str) -> list[Row]:
    """Ref, version, written dependencies and archived of all other packs."""
    return await connection.fetch(_SQL.needs, ref)


async def of_other_environment(connection: Connection, environment: str) -> list[str]:
    """Packs whose configuration was made for another environment."""
    return [row["ref"] for row in await connection.fetch(_SQL.of_other_environment, environment)]


async def set_config(
    unit: Connection, ref: str, config: Mapping[str, Any], given: Sequence[str] = (), environment: str = ""
) -> None:
    """`config` holds its secrets as `Secret`; `given`: what of it somebody set."""
    json, places = encode(dict(config))
    await unit.execute(_SQL.set_config, ref, json, places or None, sorted(given), environment)


async def content(connection: Connection, digest: str) -> bytes | None:
    """The archive (tar.gz) of that content digest."""
    archive: bytes | None = await connection.fetchval(_SQL.content, digest)
    return archive


async def live_executions(connection: Connection, ref: str) -> list[Row]:
    """Up to 50 executions (id, action_ref, status) of the pack's actions that have not ended."""
    return await connection.fetch(_SQL.live_executions, ref)


async def delete(unit: Connection, ref: str) -> bool:
    """Remove the pack with everything it brought; False when there is none."""
    digests = [row["digest"] for row in await unit.fetch(_SQL.delete, ref)]
    await unit.execute(_SQL.delete_content, digests)
    return bool(digests)
