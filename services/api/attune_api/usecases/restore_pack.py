"""Going back to a version of a pack that was registered before."""

from __future__ import annotations

from collections.abc import Sequence

from attune_api.context import Context
from attune_api.errors import NotFound
from attune_api.packfiles.archives import unpack
from attune_api.usecases.register_pack import Registration, read_and_register
from attune_common.store import packs
from attune_common.store.connection import Row
from attune_common.store.store import Store


async def versions_of(store: Store, ref: str) -> list[Row]:
    """Errors: NotFound."""
    async with store.connection() as connection:
        found = await packs.versions(connection, ref)
    if not found:
        raise NotFound(f"there is no pack {ref!r}")
    return found


async def restore_pack(
    context: Context, ref: str, owner: int | None, *, version: str = "", digest: str = ""
) -> Registration:
    """Register a kept version again. Errors: NotFound, and those of registering."""
    row = _chosen(ref, await versions_of(context.store, ref), version, digest)
    async with context.store.connection() as connection:
        archive = await packs.content(connection, row["digest"])
    if archive is None:
        raise NotFound(f"the files of {ref} {row['version']} are gone", code="version_not_found")
    content: bytes = archive
    limits = context.settings.limits
    return await read_and_register(context, lambda: unpack(content, limits), owner, source=row["source"])


def _chosen(ref: str, kept: Sequence[Row], version: str, digest: str) -> Row:
    """The one that was registered last of those that are meant."""
    wanted = version or digest
    for row in kept:
        fits = row["version"] == version if version else row["digest"].startswith(digest)
        if fits and (wanted or not row["current"]):
            return row
    told = f"no kept version {wanted!r}" if wanted else "no earlier version"
    hint = "kept: " + ", ".join(f"{row['version']} ({row['digest'][:12]})" for row in kept)
    raise NotFound(f"the pack {ref!r} has {told}", code="version_not_found", hint=hint)
