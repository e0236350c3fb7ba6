"""/packs: register, look, configure, remove; and the content that workers fetch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile

from attune_api import belongs, jsonbody
from attune_api.auth import Caller, Principal
from attune_api.catalog_queries import Packs
from attune_api.context import Context, Shared
from attune_api.errors import BadRequest, Forbidden, Invalid, NotFound, problem_place
from attune_api.names import Digest, Ref
from attune_api.packfiles import git, gitcredential, giturl
from attune_api.packfiles.archives import read_folder, unpack
from attune_api.paging import Keyset, Page
from attune_api.permissions import Permission
from attune_api.routing import JSON, declares, media_type, router
from attune_api.usecases.register_pack import Reader, read_and_register
from attune_api.usecases.remove_pack import archive_pack, remove_pack
from attune_api.views.definitions import Finding, Pack, PackSummary, Registered, of
from attune_api.views.secrets import masked
from attune_common.runtime.limits import Limits
from attune_common.store import packs
from attune_core.access.keys import MAX_KEY

routes = router("/api/v1/packs", tag="packs")
_BY_REF = Keyset("packs", ("ref",), (str,))
_FORM = "multipart/form-data"
_ARCHIVES = (
    "application/gzip", "application/x-gzip", "application/x-tgz", "application/zip",
    "application/x-zip-compressed", "application/octet-stream",
)  # fmt: skip


class Origin(BaseModel):
    """`url`: a git repository, `git+https://HOST/PATH@REVISION#subdirectory=FOLDER`. `path`: a folder on the API's own

    machine, only when it allows that (`attune dev` does). One of them. `credential`: the key of a secret with
    `{host, username, password}` for a private repository.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field("", max_length=2_000)
    path: str = Field("", max_length=4_096)
    credential: str = Field("", max_length=MAX_KEY)


@dataclass(frozen=True, slots=True)
class Sent:
    """How to come by the files, and where they came from."""

    read: Reader
    source: dict[str, Any]


@routes.post("", status_code=201, response_model=Registered, summary="Register a pack",
             responses={200: {"model": Registered, "description": "Updated, or unchanged"}})  # fmt: skip
@declares(Permission.AUTHOR, refusals=(409,), media=(*_ARCHIVES, _FORM, JSON), pack=True, scoped=True, once=True)
async def register(shared: Shared, caller: Caller, request: Request, response: Response) -> Registered:
    """The archive (tar.gz or zip) as the body or as the one file of a form; or JSON that says where the pack is.

    All of it is stored, or nothing. Executions that run keep the version they began with.
    """
    sent = await _sent(shared, caller, request)
    registration = await read_and_register(
        shared, sent.read, caller.id, allowed=lambda ref: caller.require(Permission.AUTHOR, ref), source=sent.source
    )
    response.status_code = 201 if registration.outcome == "created" else 200
    response.headers["Location"] = f"/api/v1/packs/{registration.ref}"
    pack = await read_pack(shared, registration.ref)
    warnings = [Finding(**problem_place(problem)) for problem in registration.warnings]
    return Registered(**pack.model_dump(), outcome=registration.outcome, warnings=warnings)


@routes.get("", response_model=Page[PackSummary], summary="List packs")
@declares(Permission.READ, scoped=True)
async def page(shared: Shared, caller: Caller, query: Annotated[Packs, Query()]) -> Page[PackSummary]:
    seen = caller.packs(library=True)
    return await _BY_REF.listed(
        shared.store, query,
        lambda connection, after, most: packs.page(connection, after, most, seen, archived=query.archived),
        lambda row: of(PackSummary, row),
    )  # fmt: skip


@routes.get("/content/{digest}", response_class=Response, summary="A pack's files as tar.gz, for workers",
            responses={200: {"content": {"application/gzip": {"schema": {"type": "string", "format": "binary"}}}}},
            )  # fmt: skip
@declares(Permission.CONTENT, refusals=(404,))
async def content(shared: Shared, digest: Digest) -> Response:
    async with shared.store.connection() as connection:
        archive = await packs.content(connection, digest)
    if archive is None:
        raise NotFound("there is no pack content of that digest")
    return Response(archive, media_type="application/gzip", headers={"ETag": f'"{digest}"'})


@routes.get("/{ref}", response_model=Pack, summary="Get a pack with what it brought")
@declares(Permission.READ, refusals=(404,), of=belongs.by_ref(), tagged="pack")
async def one(shared: Shared, ref: Ref) -> Pack:
    return await read_pack(shared, ref)


@routes.delete("/{ref}", status_code=204, response_class=Response, summary="Remove a pack")
@declares(Permission.AUTHOR, refusals=(404, 409), of=belongs.by_ref(), tagged="pack")
async def remove(shared: Shared, ref: Ref, archive: bool = False) -> None:
    """While something uses the pack it is refused, with all that does. `archive` keeps it for its history instead:

    nothing of it starts any more, lists leave it out, and registering it again brings it back.
    """
    await (archive_pack if archive else remove_pack)(shared.store, ref)


async def read_pack(shared: Context, ref: str) -> Pack:
    async with shared.store.connection() as connection:
        row = await packs.get(connection, ref)
        if row is None:
            raise NotFound(f"there is no pack {ref!r}")
        brought = await packs.contents(connection, row["id"])
    of_file = sorted(row["environments"].get(row["environment"], {}))
    return of(Pack, row, config=masked(row["conf_schema"], row["config"]), config_file=of_file, **brought)


async def _sent(shared: Context, caller: Principal, request: Request) -> Sent:
    limits = shared.settings.limits
    match media_type(request):
        case kind if kind == JSON:
            return await _from_origin(shared, caller, await request.body())
        case kind if kind == _FORM:
            packed = await _upload(request)
        case _:
            packed = await request.body()
    if not packed:
        raise BadRequest("the body is empty", hint="send the pack as tar.gz or zip")
    return Sent(lambda: unpack(packed, limits), {"kind": "upload"})


async def _from_origin(shared: Context, caller: Principal, body: bytes) -> Sent:
    try:
        asked = Origin.model_validate(jsonbody.parse(body))
    except ValidationError as problem:
        place = ".".join(map(str, ("body", *problem.errors()[0]["loc"])))
        raise Invalid.at(place, problem.errors()[0]["msg"]) from problem
    if bool(asked.url) is bool(asked.path):
        raise Invalid.at("body", "needs `url` or `path`, not both", hint='{"url": "git+https://..."}')
    if asked.credential and not asked.url:
        raise Invalid.at("body.credential", "is for a git repository, and `url` names none")
    limits = shared.settings.limits
    return await _from_git(shared, caller, asked) if asked.url else _local(shared, asked.path, limits)


def _local(shared: Context, path: str, limits: Limits) -> Sent:
    if not shared.settings.allow_local_paths:
        raise Forbidden("this API reads no local folders", code="local_paths_off", hint="upload an archive")
    folder = Path(path)
    if not folder.is_absolute():
        raise Invalid.at("body.path", "must be an absolute path")
    return Sent(lambda: read_folder(folder, limits), {"kind": "folder", "path": path})


async def _from_git(shared: Context, caller: Principal, asked: Origin) -> Sent:
    url = giturl.parse(asked.url, local=shared.settings.allow_local_paths)
    key = asked.credential
    header = await gitcredential.authorization(shared, caller, key, url) if key else ""
    async with shared.fetching:
        fetched = await git.fetch(url, shared.settings.limits, shared.egress, header)
    source = {"kind": "git", "url": asked.url, "commit": fetched.commit}
    return Sent(lambda: fetched.files, {**source, "credential": key} if key else source)


async def _upload(request: Request) -> bytes:
    async with request.form(max_files=1, max_fields=4) as form:
        files = [part for part in form.values() if isinstance(part, UploadFile)]
        if len(files) != 1:
            raise Invalid.at("body", "the form needs exactly one file", hint="-F file=@pack.tar.gz")
        return await files[0].read()
