"""/packs: register, look, configure, remove; and the content that workers fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from attune_api import belongs, jsonbody
from attune_api.auth import Caller
from attune_api.context import Context, Shared
from attune_api.errors import BadRequest, Forbidden, Invalid, NotFound, problem_place
from attune_api.names import Digest, Ref
from attune_api.packfiles.archives import read_folder, unpack
from attune_api.packfiles.collected import Files
from attune_api.paging import Cursor, Keyset, Limit, Page
from attune_api.permissions import Permission
from attune_api.routing import JSON, declares, media_type, router
from attune_api.usecases.configure_pack import configure_pack
from attune_api.usecases.register_pack import Reader, read_and_register
from attune_api.usecases.remove_pack import remove_pack
from attune_api.views.definitions import Finding, Pack, PackSummary, Registered, of
from attune_api.views.secrets import masked
from attune_common.runtime.limits import Limits
from attune_common.store import packs

routes = router("/api/v1/packs", tag="packs")
_BY_REF = Keyset("packs", ("ref",), (str,))
_FORM = "multipart/form-data"
_ARCHIVES = (
    "application/gzip", "application/x-gzip", "application/x-tgz", "application/zip",
    "application/x-zip-compressed", "application/octet-stream",
)  # fmt: skip


class LocalPath(BaseModel):
    """A folder on the API's own machine; only when it allows that (`attune dev` does)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    path: str = Field(min_length=1, max_length=4096)


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    config: dict[str, Any]


@routes.post("", status_code=201, response_model=Registered, summary="Register a pack",
             responses={200: {"model": Registered, "description": "Updated, or unchanged"}})  # fmt: skip
@declares(Permission.AUTHOR, refusals=(409,), media=(*_ARCHIVES, _FORM, JSON), pack=True, scoped=True)
async def register(shared: Shared, caller: Caller, request: Request, response: Response) -> Registered:
    """The archive (tar.gz or zip) as the body or as the one file of a form."""
    read = await _reader(shared, request)
    registration = await read_and_register(
        shared, read, caller.id, allowed=lambda ref: caller.require(Permission.AUTHOR, ref)
    )
    response.status_code = 201 if registration.outcome == "created" else 200
    response.headers["Location"] = f"/api/v1/packs/{registration.ref}"
    pack = await _read(shared, registration.ref)
    warnings = [Finding(**problem_place(problem)) for problem in registration.warnings]
    return Registered(**pack.model_dump(), outcome=registration.outcome, warnings=warnings)


@routes.get("", response_model=Page[PackSummary], summary="List packs")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[PackSummary]:
    after = _BY_REF.after(cursor)
    async with shared.store.connection() as connection:
        rows = await packs.page(connection, after[0] if after else None, limit + 1, caller.packs(library=True))
    shown, following = _BY_REF.page(rows, limit)
    return Page(items=[of(PackSummary, row) for row in shown], next=following)


@routes.get("/content/{digest}", response_class=Response, summary="A pack's files as tar.gz, for workers")
@declares(Permission.CONTENT, refusals=(404,))
async def content(shared: Shared, digest: Digest) -> Response:
    async with shared.store.connection() as connection:
        archive = await packs.content(connection, digest)
    if archive is None:
        raise NotFound("there is no pack content of that digest")
    return Response(archive, media_type="application/gzip", headers={"ETag": f'"{digest}"'})


@routes.get("/{ref}", response_model=Pack, summary="Get a pack with what it brought")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref())
async def one(shared: Shared, ref: Ref) -> Pack:
    return await _read(shared, ref)


@routes.put("/{ref}/config", response_model=Pack, summary="Set a pack's configuration")
@declares(Permission.AUTHOR, refusals=(404,), of=belongs.by_ref())
async def configure(shared: Shared, ref: Ref, body: Config) -> Pack:
    """The mask in the place of a secret keeps it as it is."""
    await configure_pack(shared.store, shared.vault, ref, body.config)
    return await _read(shared, ref)


@routes.delete("/{ref}", status_code=204, response_class=Response, summary="Remove a pack")
@declares(Permission.AUTHOR, refusals=(404, 409), of=belongs.by_ref())
async def remove(shared: Shared, ref: Ref) -> None:
    await remove_pack(shared.store, ref)


async def _read(shared: Context, ref: str) -> Pack:
    async with shared.store.connection() as connection:
        row = await packs.get(connection, ref)
        if row is None:
            raise NotFound(f"there is no pack {ref!r}")
        brought = await packs.contents(connection, row["id"])
    return of(Pack, row, config=masked(row["conf_schema"], row["config"]), **brought)


async def _reader(shared: Context, request: Request) -> Reader:
    """How to come by the files, whatever form they were sent in."""
    limits = shared.settings.limits
    match media_type(request):
        case kind if kind == JSON:
            return _local(shared, await request.body(), limits)
        case kind if kind == _FORM:
            packed = await _upload(request)
        case _:
            packed = await request.body()
    if not packed:
        raise BadRequest("the body is empty", hint="send the pack as tar.gz or zip")
    return lambda: unpack(packed, limits)


def _local(shared: Context, body: bytes, limits: Limits) -> Reader:
    if not shared.settings.allow_local_paths:
        raise Forbidden("this API reads no local folders", code="local_paths_off", hint="upload an archive")
    try:
        asked = LocalPath.model_validate(jsonbody.parse(body))
    except ValidationError as problem:
        raise Invalid.at("body.path", problem.errors()[0]["msg"]) from problem
    folder = Path(asked.path)
    if not folder.is_absolute():
        raise Invalid.at("body.path", "must be an absolute path")

    def read() -> Files:
        return read_folder(folder, limits)

    return read


async def _upload(request: Request) -> bytes:
    async with request.form(max_files=1, max_fields=4) as form:
        files = [part for part in form.values() if isinstance(part, UploadFile)]
        if len(files) != 1:
            raise Invalid.at("body", "the form needs exactly one file", hint="-F file=@pack.tar.gz")
        return await files[0].read()
