"""The names of datastore keys and secrets: `name`, `pack:web/name`, `identity:ada/name`, `identity:me/name`.

A bare name is in the system's scope. The one before its first dot, if any, is the pack whose rights hold for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from attune_core.errors import AttuneError

MAX_KEY: Final = 255
ME: Final = "me"
_PART: Final = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.:@-]+"
_NAME: Final = re.compile(rf"{_PART}(/{_PART})*\Z", re.ASCII)
"""Parts `.` and `..` would be lost on the way: clients and proxies take them out of addresses."""

_PACK: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z", re.ASCII)
LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*\Z", re.ASCII)
RESERVED: Final = ("value:", "config:")
"""Secrets that have no name: parameters of executions and values of packs' configurations."""


class KeyScope(StrEnum):
    SYSTEM = "system"
    PACK = "pack"
    IDENTITY = "identity"


class BadKey(AttuneError):
    """The text is no key."""

    code = "bad_key"


@dataclass(frozen=True, slots=True)
class Key:
    """`owner`: the pack or the login of a key that is not the system's. `text`: how it is stored and written."""

    scope: KeyScope
    owner: str
    name: str

    @property
    def text(self) -> str:
        return self.name if self.scope is KeyScope.SYSTEM else f"{self.scope}:{self.owner}/{self.name}"

    @property
    def pack(self) -> str | None:
        """The pack whose rights hold for the key; None when there is none."""
        if self.scope is KeyScope.PACK:
            return self.owner
        if self.scope is KeyScope.SYSTEM and "." in self.name:
            first = self.name.partition(".")[0]
            return first if _PACK.match(first) else None
        return None


def parse_key(text: str, login: str | None = None) -> Key:
    """The key that the text names; `identity:me/...` is that of `login`. Errors: BadKey."""
    if not text or len(text) > MAX_KEY or not _NAME.match(text) or text.startswith(RESERVED):
        hint = "letters, digits and _ . : @ - with / between parts, at most 255 characters"
        raise BadKey(f"{text[:60]!r} is no key", hint=hint)
    head, slash, name = text.partition("/")
    kind, colon, owner = head.partition(":")
    if not colon or kind not in (KeyScope.PACK, KeyScope.IDENTITY):
        return Key(KeyScope.SYSTEM, "", text)
    if not slash:
        raise BadKey(f"{text[:60]!r} names no key of its {kind}", hint=f"{kind}:{owner or 'NAME'}/KEY")
    if kind == KeyScope.IDENTITY:
        return Key(KeyScope.IDENTITY, _owner(owner, login), name)
    if not _PACK.match(owner):
        raise BadKey(f"{owner[:60]!r} is no pack", hint="pack:web/KEY")
    return Key(KeyScope.PACK, owner, name)


def _owner(owner: str, login: str | None) -> str:
    found = login if owner == ME else owner
    if not found or not LOGIN.match(found):
        raise BadKey(f"{owner[:60]!r} is no login here", hint="identity:ada/KEY")
    return found
