"""`git+https://host/path@revision#subdirectory=folder`, as one address is written down in many tools."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from attune_api.errors import Invalid

_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}\Z", re.ASCII)
_FOLDER = re.compile(r"[A-Za-z0-9._+@=,~-]+(/[A-Za-z0-9._+@=,~-]+)*\Z", re.ASCII)
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST = 2_000
_PORT = 443
_CARRIES = "carries a user name or a password, which would be stored: keep them as a secret (`credential`)"


@dataclass(frozen=True, slots=True)
class GitUrl:
    """`address` is what git is given; `host` is empty for a local repository."""

    address: str
    protocol: str
    host: str
    port: int
    revision: str = "HEAD"
    subdirectory: str = ""


def parse(text: str, *, local: bool = False) -> GitUrl:
    """`local`: `git+file://` is allowed. Errors: Invalid."""
    if len(text) > _LONGEST or _ODD.search(text):
        raise _wrong("has a space, a backslash or a control character, or is too long")
    try:
        parts = urlsplit(text)
        port = parts.port or _PORT
    except ValueError as problem:
        raise _wrong(f"cannot be read: {problem}") from problem
    if parts.scheme not in ("git+https", "git+file") or parts.query:
        raise _wrong("is not of the form git+https://HOST/PATH@REVISION")
    if parts.scheme == "git+file" and not local:
        raise _wrong("names a repository on the API's machine, which it does not read")
    if parts.username is not None or parts.password is not None:
        raise _wrong(_CARRIES)
    path, revision = _split(parts.path)
    host = parts.hostname or ""
    if bool(host) is (parts.scheme == "git+file") or not path.strip("/"):
        raise _wrong("names no repository")
    protocol = parts.scheme.removeprefix("git+")
    return GitUrl(f"{protocol}://{parts.netloc}{path}", protocol, host, port, revision, _subdirectory(parts.fragment))


def _split(path: str) -> tuple[str, str]:
    before, at, revision = path.rpartition("@")
    if not at:
        return path, "HEAD"
    if not _REVISION.match(revision) or ".." in revision or revision.endswith((".lock", "/")):
        raise _wrong("names no branch, tag or commit behind the @")
    return before, revision


def _subdirectory(fragment: str) -> str:
    given = dict(parse_qsl(fragment, keep_blank_values=True))
    folder = given.pop("subdirectory", "").strip("/")
    if given or (fragment and not folder):
        raise _wrong("may say `#subdirectory=FOLDER` at its end, nothing else")
    if folder and (not _FOLDER.match(folder) or ".." in folder.split("/")):
        raise _wrong("names no folder of the repository")
    return folder


def _wrong(why: str) -> Invalid:
    hint = "such as git+https://git.example.com/team/pack@v1.2.0#subdirectory=pack"
    return Invalid.at("body.url", f"the address {why}", code="bad_url", hint=hint)
