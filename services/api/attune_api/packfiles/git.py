"""A pack from a git repository. Nothing of it is run or checked out: its files are read from its objects.

No hooks, no submodules, no filters, no configuration of this machine, no redirects; the address is checked as that of
any outgoing call, and what was fetched is named by its commit.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from attune_api.errors import Invalid, Unavailable
from attune_api.packfiles.collected import BadArchive, Collected, Files
from attune_api.packfiles.gitcommand import Git, GitFailed
from attune_api.packfiles.giturl import GitUrl
from attune_common.hosting.outgoing.egress import Egress, EgressDenied
from attune_common.runtime.limits import Limits

FETCH_SECONDS = 60.0
_LINK, _SUBMODULE = "120000", "commit"


class GitRefused(Invalid):
    """The repository cannot be reached, has no such revision, or may not be asked."""

    code = "git_failed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of a pack and the commit they are of."""

    files: Files
    commit: str


async def fetch(url: GitUrl, limits: Limits, egress: Egress, header: str = "") -> Fetched:
    """`header`: sent along to that server. Errors: GitRefused, BadArchive, Unavailable when there is no git here."""
    program = shutil.which("git")
    if program is None:
        raise Unavailable("the API has no git", code="git_missing", hint="install git there, or upload an archive")
    try:
        resolved = await _resolved(url, egress)
        with tempfile.TemporaryDirectory(prefix="attune-git-") as folder:
            git = Git(program, Path(folder), url.protocol, resolved, limits.pack_unpacked_bytes, header)
            async with asyncio.timeout(FETCH_SECONDS):
                return await _fetch(git, url, limits)
    except TimeoutError as problem:
        raise GitRefused(f"{url.address}: not fetched within {FETCH_SECONDS:g} s") from problem
    except EgressDenied as problem:
        raise GitRefused(str(problem), code="egress_denied", hint="see ATTUNE_EGRESS") from problem
    except OSError as problem:
        raise GitRefused(f"{url.address}: {problem}") from problem
    except GitFailed as problem:
        raise GitRefused(f"{url.address}: {problem}", hint=_hint(str(problem))) from problem


def _hint(said: str) -> str:
    if "could not read Username" in said or "Authentication failed" in said:
        return "the server asks who you are: keep a credential as a secret, and name it (`--credential KEY`)"
    return "is the address right, and the revision there?"


async def _resolved(url: GitUrl, egress: Egress) -> str:
    """`host:port:address` for the one address that git may use; "" for a local repository."""
    if not url.host:
        return ""
    address = (await egress.addresses(url.host, url.port))[0]
    return f"{url.host}:{url.port}:{f'[{address}]' if ':' in address else address}"


async def _fetch(git: Git, url: GitUrl, limits: Limits) -> Fetched:
    await git.run("init", "--quiet", "--bare", ".")
    await git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", url.address, url.revision)
    commit = (await git.run("rev-parse", "FETCH_HEAD^{commit}")).decode().strip()
    entries = _entries(await git.run("ls-tree", "-r", "-l", "-z", "--full-tree", f"{commit}:{url.subdirectory}"))
    into = Collected(limits.pack_files, limits.pack_unpacked_bytes)
    if len(entries) > limits.pack_files or sum(size for _, size in entries.values()) > limits.pack_unpacked_bytes:
        raise BadArchive("the repository is larger than a pack may be", hint="see GET /api/v1/limits")
    for path, content in (await _contents(git, entries)).items():
        into.add_file(path, iter([content]))
    return Fetched(into.files(), commit)


def _entries(listing: bytes) -> dict[str, tuple[str, int]]:
    """Path -> object and size; names that start with a dot are left out. Errors: BadArchive."""
    found: dict[str, tuple[str, int]] = {}
    for line in listing.decode("utf-8", "surrogateescape").split("\0"):
        head, _, path = line.partition("\t")
        if not path or any(step.startswith(".") for step in path.split("/")):
            continue
        mode, kind, name, size = head.split()
        if mode == _LINK or kind == _SUBMODULE:
            what = "a link" if mode == _LINK else "a submodule"
            shown = path.encode("ascii", "backslashreplace").decode()[:120]
            raise BadArchive(f"{shown!r} is {what}", hint="a pack has plain files only")
        found[path] = (name, int(size))
    return found


async def _contents(git: Git, entries: Mapping[str, tuple[str, int]]) -> Files:
    asked = "".join(f"{name}\n" for name, _ in entries.values()).encode()
    answer = await git.run("cat-file", "--batch", given=asked) if entries else b""
    found: Files = {}
    place = 0
    for path, (_, size) in entries.items():
        start = answer.index(b"\n", place) + 1
        found[path] = answer[start : start + size]
        place = start + size + 1
    return found
