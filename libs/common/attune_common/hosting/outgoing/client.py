"""Calls by the rules: checked addresses, redirects followed by hand, bounded bodies, one deadline for all of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx2

from attune_common.hosting.outgoing import url as urls
from attune_common.hosting.outgoing.egress import Egress, EgressDenied
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.reading import read
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse

_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CREDENTIALS = ("authorization", "cookie", "proxy-authorization", "x-api-key")
_CONNECT_SECONDS = 10.0
_ALWAYS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "attune"}


class HttpClient:
    """One client for many calls.

    Connections are kept for the next call under the policy `any` only: a pinned one belongs to the name that was
    checked for it.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._transports: dict[bool, httpx2.AsyncHTTPTransport] = {}

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Errors: RequestFailed."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout):
                response = await self._follow(request)
        except TimeoutError as problem:
            raise RequestFailed("timeout", f"{request.url}: no whole answer within {request.timeout:g} s") from problem
        except urls.BadUrl as problem:
            raise RequestFailed("bad_url", str(problem)) from problem
        except EgressDenied as problem:
            raise RequestFailed("egress_denied", str(problem)) from problem
        except httpx2.ConnectError as problem:
            raise RequestFailed("connection_error", f"{request.url}: {_sentence(problem)}", sent=False) from problem
        except httpx2.TimeoutException as problem:
            raise RequestFailed("timeout", f"{request.url}: {type(problem).__name__}") from problem
        except (httpx2.HTTPError, OSError, UnicodeError) as problem:
            raise RequestFailed("connection_error", f"{request.url}: {_sentence(problem)}") from problem
        return replace(response, elapsed=round(time.monotonic() - started, 4))

    async def _follow(self, request: HttpRequest) -> HttpResponse:
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self._once(request)
            location = response.headers.get("location")
            if not request.follow_redirects or response.status not in _REDIRECTS or not location:
                return response
            request = redirected(request, response.status, location)
        raise RequestFailed("too_many_redirects", f"{request.url}: more than {_MAX_REDIRECTS} redirects")

    async def _once(self, request: HttpRequest) -> HttpResponse:
        target = urls.parse(request.url)
        if request.query:
            target = target.copy_merge_params(list(request.query))
        addresses = await self._addresses(target)
        for address in addresses[:-1]:
            with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._call(request, target, address)
        return await self._call(request, target, addresses[-1])

    async def _addresses(self, target: httpx2.URL) -> list[str | None]:
        if self._egress.policy == "any":
            return [None]
        host = target.raw_host.decode("ascii").strip("[]")
        return list(await self._egress.addresses(host, urls.port(target)))

    async def _call(self, request: HttpRequest, target: httpx2.URL, address: str | None) -> HttpResponse:
        """One exchange, with the address that was checked; name and certificate stay those of the URL."""
        headers = {"Host": target.netloc.decode("ascii"), **_ALWAYS, **request.headers}
        extensions: dict[str, Any] = {"timeout": {"connect": _CONNECT_SECONDS}}
        place = target
        if address is not None:
            place = target.copy_with(host=address)
            extensions["sni_hostname"] = target.raw_host.decode("ascii")
        call = httpx2.Request(request.method, place, headers=headers, content=request.body, extensions=extensions)
        try:
            response = await self._transport(request.verify).handle_async_request(call)
        except AttributeError as problem:
            # A connection that is lost while it is made has no socket to ask for its address: httpx2 falls over that.
            raise httpx2.ConnectError(f"the connection was lost at once ({problem})") from problem
        try:
            return await read(response, request, str(target))
        finally:
            await response.aclose()

    def _transport(self, verify: bool) -> httpx2.AsyncHTTPTransport:
        if verify not in self._transports:
            kept = 20 if self._egress.policy == "any" else 0
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=kept)
            self._transports[verify] = httpx2.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits)
        return self._transports[verify]


def redirected(request: HttpRequest, status: int, location: str) -> HttpRequest:
    """The next call. Errors: BadUrl; RequestFailed `egress_denied` when https leads to http."""
    before = urls.parse(request.url)
    after = urls.parse(str(before.join(location)))
    if before.scheme == "https" and after.scheme == "http":
        raise RequestFailed("egress_denied", f"{request.url} redirects from https to http")
    headers = dict(request.headers)
    if urls.origin(before) != urls.origin(after):
        headers = {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}
    headers = {name: value for name, value in headers.items() if name.lower() != "host"}
    moved = replace(request, url=str(after), headers=headers, query=())
    if status == 303 or (status in (301, 302) and request.method == "POST"):
        bodyless = {k: v for k, v in headers.items() if k.lower() not in ("content-type", "content-length")}
        return replace(moved, method="HEAD" if request.method == "HEAD" else "GET", body=None, headers=bodyless)
    return moved


def _sentence(problem: Exception) -> str:
    return str(problem) or type(problem).__name__
