"""Requests and answers: one place that adds the token, decodes JSON and turns failures into errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Self

import httpx2

from attune_client.discovery import Address
from attune_client.errors import ApiUnreachable, from_answer

PREFIX = "/api/v1"
TIMEOUT_SECONDS = 30.0
_NOT_UP = "start the platform with `attune dev`, or set ATTUNE_API_URL to where it runs"


class Connections(httpx2.AsyncHTTPTransport):
    """A connection that is lost while it is made is an error of connections: httpx2 falls over it."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await super().handle_async_request(request)
        except AttributeError as problem:
            raise httpx2.ConnectError(f"the connection was lost at once ({problem})", request=request) from problem


class Transport:
    """One connection pool to the API at `address`. `http` may be given by tests."""

    def __init__(self, address: Address, http: httpx2.AsyncClient | None = None) -> None:
        self.address = address
        headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
        # Reading all authorities takes as long as some ten requests, and there is nobody to verify without TLS.
        connections = Connections(trust_env=False, verify=not address.url.startswith("http://"))
        self.http = http or httpx2.AsyncClient(transport=connections, timeout=TIMEOUT_SECONDS, trust_env=False)
        self.http.base_url = httpx2.URL(address.url)
        self.http.headers.update(headers)

    def use(self, token: str) -> None:
        """Ask with this token from now on."""
        self.address = replace(self.address, token=token)
        self.http.headers["Authorization"] = f"Bearer {token}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return await self.send("GET", path, params=params)

    async def post(self, path: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        return await self.send("POST", path, json=json, headers=headers)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The decoded answer below /api/v1 (None for an empty one). Errors: ApiError, ApiUnreachable."""
        kept = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            answer = await self.http.request(
                method, PREFIX + path, params=kept, json=json, content=content, headers=headers
            )
        except httpx2.TransportError as problem:
            raise self.unreachable(problem) from problem
        return decoded(answer)

    async def pages(self, path: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[Any]:
        """Every item of a paged list, page after page."""
        async for items in self.paged(path, params):
            for item in items:
                yield item

    async def paged(self, path: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[list[Any]]:
        """The items of each page of a list."""
        cursor: str | None = None
        while True:
            page = await self.get(path, {**(params or {}), "cursor": cursor})
            yield items_of(page)
            cursor = page.get("next") if isinstance(page, dict) else None
            if not cursor:
                return

    async def lines(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[str]:
        """A long answer, line by line. Errors: ApiError, ApiUnreachable."""
        try:
            async with self.http.stream("GET", PREFIX + path, params=params) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    decoded(answer)
                async for line in answer.aiter_lines():
                    yield line
        except httpx2.TransportError as problem:
            raise self.unreachable(problem) from problem

    def unreachable(self, problem: Exception) -> ApiUnreachable:
        place = f"{self.address.url} (from {self.address.found})"
        if isinstance(problem, httpx2.TimeoutException):
            return ApiUnreachable(f"the API at {place} did not answer in time", hint="look at its /health/ready")
        return ApiUnreachable(f"nobody answers at {place}", hint=_NOT_UP)


def items_of(page: Any) -> list[Any]:
    """The items of a page, or the list itself where an endpoint does not page."""
    items = page.get("items", []) if isinstance(page, dict) else page
    return list(items or [])


def decoded(answer: httpx2.Response) -> Any:
    """What the answer says, which has been read. Errors: ApiError."""
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        body = None
    if answer.status_code >= 400:
        raise from_answer(answer.status_code, body)
    return body
