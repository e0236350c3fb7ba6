"""The one kind of route: it declares a permission, knows its body, refuses what it does not know.

Order of refusals: token, right, unknown query parameters, media type, size, syntax, content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIRouter

from attune_api import body as bodies
from attune_api import jsonbody, trail
from attune_api.auth import admit
from attune_api.belongs import Resolver
from attune_api.errors import Invalid, WrongMediaType
from attune_api.permissions import Permission

BODY_SECONDS = 30.0
JSON = "application/json"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declaration:
    """`refusals`: HTTP statuses of this route beside the common ones. `media`: accepted types of a raw body

    (empty: no raw body; `*/*`: any). `pack`: the body may be as large as a pack. `of`: which packs the thing belongs
    to that it is about; `scoped`: the handler itself looks at the packs of what it shows or changes. Without either
    the route is closed to callers with roles on single packs only. `audit`: what the audit trail calls it. What
    services tell of themselves (`content`) is nobody's doing and not in the trail.
    """

    permission: Permission
    refusals: tuple[int, ...] = ()
    media: tuple[str, ...] = ()
    pack: bool = False
    of: Resolver | None = None
    scoped: bool = False
    audit: str = ""


def declares(
    permission: Permission,
    *,
    refusals: tuple[int, ...] = (),
    media: tuple[str, ...] = (),
    pack: bool = False,
    of: Resolver | None = None,
    scoped: bool = False,
    audit: str = "",
) -> Callable[[Endpoint], Endpoint]:
    """Attach what the route needs to its endpoint; a route without this cannot be made."""

    def attach(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["declaration"] = Declaration(permission, refusals, media, pack, of, scoped, audit)
        return endpoint

    return attach


class CheckedRequest(Request):
    """A request whose body has been read and, where JSON is wanted, parsed by the strict reader."""

    def __init__(self, request: Request, body: bytes, value: Any) -> None:
        super().__init__(request.scope, bodies.replay(body))
        self._value = value

    async def json(self) -> Any:
        return self._value


class AttuneRoute(APIRoute):
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        declaration = getattr(endpoint, "declaration", None)
        if not isinstance(declaration, Declaration):
            raise TypeError(f"the route {path} declares no permission")
        self.declaration = declaration
        super().__init__(path, endpoint, **options)

    @property
    def takes_body(self) -> bool:
        return self.body_field is not None or bool(self.declaration.media)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        known = _query_names(self.dependant)

        async def answer(request: Request) -> Response:
            _check_query(request, known)
            if self.takes_body:
                request = await self._with_body(request)
            return await inner(request)

        async def handle(request: Request) -> Response:
            store, declared = request.app.state.context.store, self.declaration
            return await trail.recorded(
                store,
                request,
                "" if declared.permission is Permission.CONTENT else declared.audit or trail.name_of(self.endpoint),
                lambda: admit(request, store, declared.permission, declared.of, scoped=declared.scoped),
                lambda: answer(request),
            )

        return handle

    async def _with_body(self, request: Request) -> Request:
        settings = request.app.state.context.settings
        limit = settings.max_pack if self.declaration.pack else settings.max_body
        body = await bodies.read(request, limit, BODY_SECONDS)
        self._check_media(request, body)
        is_json = self.body_field is not None and bool(body)
        return CheckedRequest(request, body, jsonbody.parse(body) if is_json else None)

    def _check_media(self, request: Request, body: bytes) -> None:
        accepted = self.declaration.media or (JSON,)
        if "*/*" in accepted or (not body and not self.declaration.media):
            return
        given = media_type(request)
        if given not in accepted:
            named = ", ".join(accepted)
            raise WrongMediaType(f"the content type {given or 'nothing'} is not accepted", hint=f"send {named}")


def media_type(request: Request) -> str:
    """The bare media type of the body, lower case, "" when not given."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def router(prefix: str = "", *, tag: str) -> APIRouter:
    """A router of strict routes; `prefix` is the whole path to it."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=AttuneRoute)


def _query_names(dependant: Dependant) -> set[str]:
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_query_names(inner) for inner in dependant.dependencies))


def _check_query(request: Request, known: set[str]) -> None:
    counts = Counter(key for key, _ in request.query_params.multi_items())
    unknown = [key for key in counts if key not in known]
    if unknown:
        hint = f"known here: {', '.join(sorted(known)) or 'none'}"
        places = [{"path": f"query.{key}", "message": "unknown query parameter", "hint": hint} for key in unknown]
        raise Invalid(f"unknown query parameter {unknown[0]!r}", hint=hint, errors=places)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise Invalid.at(f"query.{twice[0]}", "given more than once")
