"""Which URLs may be called at all: plain ones that every reader understands in the same way."""

from __future__ import annotations

import re

import httpx2

_PORTS = {"http": 80, "https": 443}
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST = 8192


class BadUrl(Exception):
    """The sentence says what is wrong with it."""


def parse(text: str) -> httpx2.URL:
    """Errors: BadUrl for other schemes, control characters, spaces, backslashes, user names and missing hosts."""
    if len(text) > _LONGEST:
        raise BadUrl(f"the URL is longer than {_LONGEST:,} characters")
    if _ODD.search(text):
        raise BadUrl(f"the URL {text[:200]!r} has a space, a backslash or a control character")
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError) as problem:
        raise BadUrl(f"the URL {text[:200]!r} cannot be read: {problem}") from problem
    return _checked(url, text)


def _checked(url: httpx2.URL, text: str) -> httpx2.URL:
    if url.scheme not in _PORTS:
        raise BadUrl(f"the URL {text[:200]!r} is neither http nor https")
    if not 0 < port(url) < 65536:
        raise BadUrl(f"the URL {text[:200]!r} has an impossible port")
    if not url.host:
        raise BadUrl(f"the URL {text[:200]!r} names no host")
    if url.userinfo:
        raise BadUrl("the URL carries a user name; give it as `auth`")
    return url


def port(url: httpx2.URL) -> int:
    return url.port or _PORTS[url.scheme]


def origin(url: httpx2.URL) -> tuple[str, str, int]:
    return (url.scheme, url.host, port(url))
