"""/packs/{ref}: its configuration, its versions, whether it is in use."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from attune_api import belongs
from attune_api.auth import Caller
from attune_api.context import Shared
from attune_api.names import Ref
from attune_api.permissions import Permission
from attune_api.routes.packs import read_pack
from attune_api.routing import declares, router
from attune_api.usecases.configure_pack import Change, configure_pack
from attune_api.usecases.remove_pack import disable_pack, enable_pack
from attune_api.usecases.restore_pack import restore_pack, versions_of
from attune_api.views.definitions import Pack, PackVersion, PackVersions, of

routes = router("/api/v1/packs", tag="packs")


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    config: dict[str, Any]


class ConfigChange(BaseModel):
    """`set`: settings with their new values. `unset`: those that go back to what they are without being set."""

    model_config = ConfigDict(extra="forbid", strict=True)

    set: dict[str, Any] = Field(default_factory=dict)
    unset: list[str] = Field(default_factory=list, max_length=1_000)


class Restore(BaseModel):
    """`version` or the beginning of a `digest`; without either what was registered before the current one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: str = Field("", max_length=100)
    digest: str = Field("", max_length=64)


@routes.put("/{ref}/config", response_model=Pack, summary="Set a pack's whole configuration")
@declares(Permission.AUTHOR, refusals=(404,), of=belongs.by_ref(), tagged="pack")
async def configure(shared: Shared, ref: Ref, body: Config) -> Pack:
    """The mask in the place of a secret keeps it as it is."""
    await configure_pack(shared, ref, Change(body.config, whole=True))
    return await read_pack(shared, ref)


@routes.patch("/{ref}/config", response_model=Pack, summary="Set and unset single settings of a pack")
@declares(Permission.AUTHOR, refusals=(404,), of=belongs.by_ref(), tagged="pack")
async def change_config(shared: Shared, ref: Ref, body: ConfigChange) -> Pack:
    """What is not named stays as it is."""
    await configure_pack(shared, ref, Change(body.set, body.unset))
    return await read_pack(shared, ref)


@routes.post("/{ref}/disable", response_model=Pack, summary="Take a pack out of use for a while")
@declares(Permission.AUTHOR, refusals=(404, 409), of=belongs.by_ref(), tagged="pack")
async def disable(shared: Shared, ref: Ref) -> Pack:
    """Its rules, timers, webhooks and sensors stop, and its actions are refused. What runs comes to its end."""
    await disable_pack(shared.store, ref)
    return await read_pack(shared, ref)


@routes.post("/{ref}/enable", response_model=Pack, summary="Put a pack into use again")
@declares(Permission.AUTHOR, refusals=(404, 409), of=belongs.by_ref(), tagged="pack")
async def enable(shared: Shared, ref: Ref) -> Pack:
    """One that is archived, too. Ticks that were missed do not happen."""
    await enable_pack(shared.store, ref)
    return await read_pack(shared, ref)


@routes.get("/{ref}/versions", response_model=PackVersions, summary="The versions of a pack that are kept")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref())
async def versions(shared: Shared, ref: Ref) -> PackVersions:
    """What was registered last comes first."""
    return PackVersions(items=[of(PackVersion, row) for row in await versions_of(shared.store, ref)])


@routes.post("/{ref}/restore", response_model=Pack, summary="Register an earlier version of a pack again")
@declares(Permission.AUTHOR, refusals=(404, 409), of=belongs.by_ref(), tagged="pack")
async def restore(shared: Shared, caller: Caller, ref: Ref, body: Restore) -> Pack:
    """With the same checks as any registration. Executions that run keep the version they began with."""
    await restore_pack(shared, ref, caller.id, version=body.version, digest=body.digest)
    return await read_pack(shared, ref)
