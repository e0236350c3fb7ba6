"""The one kind of route: it declares a permission, knows its body, refuses what it does not know.

Order of refusals: token, right, unknown query parameters, media type, size, syntax, content.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar, Unpack

from fastapi import Request, Response
from fastapi.routing import APIRoute, APIRouter
from starlette.routing import Match
from starlette.types import Scope

from attune_api import body as bodies
from attune_api import conditional, idempotency, jsonbody, parameters, sparse, trail
from attune_api.auth import admit
from attune_api.belongs import Resolver
from attune_api.errors import WrongMediaType
from attune_api.permissions import Permission
from attune_common.runtime.lean import OLD_PYDANTIC, without

BODY_SECONDS = 30.0
JSON = "application/json"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declaration:
    """`refusals`: HTTP statuses of this route beside the common ones. `media`: accepted types of a raw body

    (empty: no raw body; `*/*`: any). `pack`: the body may be as large as a pack. `of`: which packs the thing belongs
    to that it is about; `scoped`: the handler itself looks at the packs of what it shows or changes. Without either
    the route is closed to callers with roles on single packs only. `audit`: what the audit trail calls it. What
    services tell of themselves (`content`) is nobody's doing and not in the trail. `once`: the header Idempotency-Key
    makes a repeat give the first answer; `shown_once`: but for an answer that nobody may see again.
    `tagged`: the kind of deployable that it shows or changes, with ETag and If-Match. `quiet`: it changes nothing that
    the audit trail is to tell of.
    """

    permission: Permission
    refusals: tuple[int, ...] = ()
    media: tuple[str, ...] = ()
    pack: bool = False
    of: Resolver | None = None
    scoped: bool = False
    audit: str = ""
    once: bool = False
    shown_once: bool = False
    tagged: str = ""
    quiet: bool = False


class Options(TypedDict, total=False):
    """The rest of a `Declaration`."""

    refusals: tuple[int, ...]
    media: tuple[str, ...]
    pack: bool
    of: Resolver | None
    scoped: bool
    audit: str
    once: bool
    shown_once: bool
    tagged: str
    quiet: bool


def declares(permission: Permission, **options: Unpack[Options]) -> Callable[[Endpoint], Endpoint]:
    """Attach what the route needs to its endpoint; a route without this cannot be made."""

    def attach(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["declaration"] = Declaration(permission, **options)
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
        self._beginning = path.partition("{")[0]
        model = options.get("response_model")
        self.shown_fields = sparse.shown_fields(path, set(options.get("methods") or ["GET"]), model)
        self._paged = sparse.item_of(model) is not None
        with without(OLD_PYDANTIC):
            super().__init__(path, endpoint, **options)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Most routes can be told by how they begin: that is a tenth of what asking their pattern costs."""
        if not scope.get("root_path") and not scope["path"].startswith(self._beginning):
            return Match.NONE, {}
        return super().matches(scope)

    @property
    def takes_body(self) -> bool:
        return self.body_field is not None or bool(self.declaration.media)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        known = parameters.of(self.dependant) | ({sparse.PARAMETER: False} if self.shown_fields else {})

        async def answer(request: Request) -> Response:
            parameters.check(request, known)
            fields = sparse.asked(request, self.shown_fields)
            if self.takes_body:
                request = await self._with_body(request)
            return sparse.cut(await self._handled(request, inner), fields, paged=self._paged)

        async def handle(request: Request) -> Response:
            store, declared = request.app.state.context.store, self.declaration
            return await trail.recorded(
                store,
                request,
                self._name(),
                lambda: admit(request, store, declared.permission, declared.of, scoped=declared.scoped),
                lambda: answer(request),
            )

        return handle

    def _name(self) -> str:
        """What the audit trail calls it; nothing for what is not in it."""
        declared = self.declaration
        if declared.permission is Permission.CONTENT or declared.quiet:
            return ""
        return declared.audit or trail.name_of(self.endpoint)

    async def _handled(self, request: Request, inner: Callable[[Request], Awaitable[Response]]) -> Response:
        if self.declaration.once:
            return await idempotency.once(request, inner, keep=not self.declaration.shown_once)
        if self.declaration.tagged:
            return await conditional.answered(self.declaration.tagged, request, inner)
        return await inner(request)

    async def _with_body(self, request: Request) -> Request:
        context = request.app.state.context
        settings = context.settings
        limit = settings.max_pack if self.declaration.pack else settings.max_body
        body = await bodies.read(request, limit, BODY_SECONDS, context.arrivals)
        self._check_media(request, body)
        is_json = self.body_field is not None and bool(body)
        return CheckedRequest(request, body, jsonbody.parse(body) if is_json else None)

    def _check_media(self, request: Request, body: bytes) -> None:
        packed = request.headers.get("content-encoding", "identity").strip().lower()
        if packed != "identity":
            hint = "send it as it is, without Content-Encoding"
            raise WrongMediaType(f"the body is encoded as {packed[:40]!r}", hint=hint)
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
