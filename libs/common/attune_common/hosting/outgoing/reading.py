"""An answer's body, inflated piece by piece and never beyond what the call asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import httpx2

from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse

_PIECE = 64 * 1024
_ANY_HEADER = zlib.MAX_WBITS | 32


async def read(response: httpx2.Response, request: HttpRequest, url: str) -> HttpResponse:
    """Errors: RequestFailed `response_too_large`, `connection_error` for a body that cannot be inflated."""
    inflate = _inflater(response.headers.get("content-encoding", ""))
    body = bytearray()
    async for chunk in response.aiter_raw(_PIECE):
        for piece in inflate.pieces(chunk):
            body += piece
            if len(body) > request.max_bytes:
                raise RequestFailed("response_too_large", f"{url}: the body has more than {request.max_bytes:,} bytes")
    return HttpResponse(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=bytes(body),
        url=url,
        elapsed=0.0,
        encoding=response.charset_encoding or "utf-8",
    )


class _Inflater(Protocol):
    def pieces(self, chunk: bytes) -> Iterator[bytes]: ...


class _Plain:
    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk


class _Zlib:
    """gzip and deflate, at most a piece at a time."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_ANY_HEADER)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while chunk and not self._zlib.eof:
            try:
                yield self._zlib.decompress(chunk, _PIECE)
            except zlib.error as problem:
                raise RequestFailed("connection_error", f"the body cannot be inflated: {problem}") from problem
            chunk = self._zlib.unconsumed_tail


def _inflater(encoding: str) -> _Inflater:
    return _Zlib() if encoding.strip().lower() in ("gzip", "x-gzip", "deflate") else _Plain()
